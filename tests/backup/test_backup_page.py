"""docs/backups.md: its commands, in their order, on a server."""

from typing import Any

import pytest
from backups import Archive
from check_docs import ROOT, Page, invocations

from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG


@pytest.mark.long
def test_the_page_is_true(archive: Archive, server: Any, database: DatabaseUrl) -> None:
    page = Page(ROOT, "docs/backups.md")
    calls = [call for block in page.blocks if block.language == "sh" for call in invocations(block.text)]
    practice = server.create_database(f"{archive.url.dbname}_practice")
    (made,) = archive.backup("auth")
    names = {
        "/var/backups/payrollx": str(archive.folder),
        "auth-20260101T030000.123Z": made.folder.name,
        "postgresql://migrator:secret@elsewhere/practice": practice.plain,
        "postgresql://migrator:secret@auth-server/payroll_auth": database.plain,
    }
    try:
        for call in calls:
            code, _, err = archive.call(
                *(names.get(word, word) for word in call),
                **({"AUTH_DATABASE_URL": database.plain} if call[1] in ("export", "--service") else {}),
            )
            assert code == 0, (call, err)
            assert ("nothing to do" in err) == (call[0] == "migrate")
    finally:
        server.drop_database(practice.dbname)
    assert len(calls) == 9
    assert set(migrate.current(archive.url, CATALOG)) == {service.name for service in CATALOG.services}
