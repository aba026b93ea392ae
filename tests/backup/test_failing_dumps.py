"""A pg_dump that fails leaves no backup; a manifest that isn't of its dump lets nothing in."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from backups import USERS, Archive, find
from worlds import snapshot_of

from payrollx_db.backup import create
from payrollx_db.backup.clients import Clients
from payrollx_db.backup.manifest import Manifest, TableRecord
from payrollx_db.errors import FindingsError, TargetError
from payrollx_db.unified import CATALOG

# It writes the whole dump, and fails all the same, as where its last answer is lost.
FAILING = """#!/bin/sh
"{real}" "$@" || exit
echo "pg_dump: error: the connection of $PGPASSWORD broke" >&2
exit 1
"""


def test_a_pg_dump_that_fails_leaves_nothing(reading_archive: Archive, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()

    def failing(version: int) -> Clients:
        real = find(version)
        program = programs / "pg_dump"
        program.write_text(FAILING.format(real=real.folder / "pg_dump"))
        program.chmod(0o755)
        return Clients(programs, real.major)

    services = [CATALOG.service("auth")]
    with pytest.raises(TargetError, match=r"pg_dump of .* failed") as caught:
        create.backup(reading_archive.url, CATALOG, services, reading_archive.folder, failing, key=reading_archive.key)

    assert reading_archive.names == []
    assert reading_archive.url.params["password"] not in str(caught.value)


def with_users(manifest: Manifest, change: Callable[[TableRecord], TableRecord]) -> tuple[TableRecord, ...]:
    return tuple(change(table) if table.name == "users" else table for table in manifest.tables)


MANIFESTS: dict[str, tuple[Callable[[Manifest], tuple[TableRecord, ...]], str]] = {
    "a table more": (
        lambda m: (*m.tables, dataclasses.replace(m.tables[0], name="moods")),
        "auth.moods is missing",
    ),
    "a table less": (
        lambda m: tuple(table for table in m.tables if table.name != "audit_logs"),
        "auth.audit_logs is there and wasn't in the backup",
    ),
    "a row more": (
        lambda m: with_users(m, lambda table: dataclasses.replace(table, rows=table.rows + 1)),
        f"auth.users has {USERS} rows, and had {USERS + 1}",
    ),
    "a column more": (
        lambda m: with_users(m, lambda table: dataclasses.replace(table, columns=(*table.columns, "mood"))),
        "auth.users has the columns",
    ),
}


@pytest.mark.parametrize("differs", MANIFESTS)
def test_a_manifest_that_differs_lets_nothing_in(archive: Archive, differs: str) -> None:
    (made,) = archive.backup("auth")
    before = snapshot_of(archive.url)
    change, message = MANIFESTS[differs]

    with pytest.raises(FindingsError, match="isn't what its manifest says") as caught:
        archive.restore(archive.rewritten(made, tables=change(made.manifest)))

    (line,) = caught.value.details
    assert line.startswith(message)
    assert snapshot_of(archive.url) == before
