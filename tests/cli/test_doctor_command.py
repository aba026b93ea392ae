"""payrollx-db doctor: the command, the backups that it looks at, and its page."""

import json
import re
from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import check_docs
import pytest
from check_docs import ROOT, Page
from click.testing import CliRunner
from health_checks import EXPECTED, doctor, health_of

from payrollx_db import health as package
from payrollx_db.backup.manifest import FILE, Manifest
from payrollx_db.cli import cli
from payrollx_db.cli.targets import seconds
from payrollx_db.errors import ConfigurationError
from payrollx_db.health import examine as examination
from payrollx_db.health.checks import Check
from payrollx_db.health.database import Database, Place
from payrollx_db.health.examine import Health, examine
from payrollx_db.model.finding import LARGE_OBJECT, ROLE_SETTING, Finding
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.unified import CATALOG


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", *(f"{service.name.upper()}_DATABASE_URL" for service in CATALOG.services)):
        monkeypatch.delenv(name, raising=False)


# -- backups -------------------------------------------------------------------------------------------


def backup(folder: Path, service: str, age: timedelta) -> None:
    """Make a folder as `payrollx-db service backup` does."""
    place = folder / f"{service}-{age.days}"
    place.mkdir()
    (place / "dump").write_bytes(b"x")
    said = {"catalog": "payrollx", "service": service, "taken_at": datetime.now(UTC) - age, "dump": "dump"}
    nothing = {field.name: "" for field in fields(Manifest) if field.default is field.default_factory is MISSING}
    manifest = Manifest(**{**nothing, "together": (), "database": ("", ""), "tables": (), "dump_bytes": 1, **said})
    (place / FILE).write_text(manifest.text(), encoding="utf-8")


def test_backups_that_are_missing_or_old(examined: DatabaseUrl, tmp_path: Path) -> None:
    options = ("--database-url", examined.plain, "--backups", str(tmp_path), "--json")
    for service in CATALOG.services[2:]:
        backup(tmp_path, service.name, timedelta(hours=1))
    backup(tmp_path, CATALOG.services[1].name, timedelta(days=2))
    late = json.loads(doctor(*options).stdout)
    patience = json.loads(doctor(*options, "--backup-age", "3d").stdout)
    for service in CATALOG.services[:2]:
        backup(tmp_path, service.name, timedelta())
    fine = json.loads(doctor(*options).stdout)

    def told(document: Any) -> list[tuple[str, str]]:
        return [(f["code"], f["service"]) for f in document["findings"] if f["check"] == "backups"]

    assert told(late) == [("no-backup", "auth"), ("old-backup", "organization")]
    assert "48 h old" in next(f["detail"] for f in late["findings"] if f["code"] == "old-backup")
    assert told(patience) == [("no-backup", "auth")]
    assert told(fine) == []
    assert fine["backups"].keys() == {service.name for service in CATALOG.services}


def test_a_folder_of_backups_that_is_not_there(examined: DatabaseUrl, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read: No such file"):
        doctor("--database-url", examined.plain, "--backups", str(tmp_path / "nothing"))


# -- the command ---------------------------------------------------------------------------------------


def test_the_document(examined: DatabaseUrl) -> None:
    document = json.loads(doctor("--database-url", examined.plain, "--json").stdout)
    (database,) = document["databases"]
    auth = next(service for service in database["services"] if service["name"] == "auth")

    assert document.keys() == {"healthy", "databases", "backups", "findings"}
    assert database.keys() == {
        "url", "reachable", "version", "connect_seconds", "connections", "services", "checks",
    }  # fmt: skip
    assert database["url"] == examined.masked
    assert [check["name"] for check in database["checks"]][:3] == ["reachable", "runs", "migrated"]
    assert {table["name"] for table in auth["tables"]} == {"users", "refresh_tokens", "audit_logs"}
    assert auth["bytes"] == sum(table["bytes"] for table in auth["tables"]) > 0
    assert sum(check["findings"] for check in database["checks"]) == len(document["findings"])


def test_the_exit_code_follows_what_wants_attention(examined: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    def answering(*findings: Finding) -> None:
        async def answered(*_: Any, **__: Any) -> Health:
            real = await examine([Place(examined, CATALOG.services)], EXPECTED)
            checked = (examination.Checked("planted", "none", findings),)
            return replace(real, databases=(replace(real.databases[0], checks=checked),))

        monkeypatch.setattr(examination, "examine", answered)

    known = Finding("known", "info", "somewhere", 1, "this is so", remedy="do nothing", subject="auth")
    url = ("--database-url", examined.plain)
    answering(known)
    fine = doctor(*url)
    answering(known, replace(known, code="bad", severity="warn"))
    wrong = doctor(*url)

    assert (fine.return_value, wrong.return_value) == (0, 3)
    assert fine.stdout.endswith("nothing needs attention, 1 for information.\n")
    assert "warnings\n  bad  somewhere\n      this is so\n      hint: do nothing\n" in wrong.stdout
    assert wrong.stdout.endswith("1 finding needs attention, 1 for information.\n")


def test_no_check_can_change_anything(examined: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def spoil(database: Database) -> list[Finding]:
        await database.connection.execute("CREATE TABLE auth.spoilt ()")
        return []

    monkeypatch.setattr(examination, "CHECKS", (Check("spoil", "done", spoil),))

    (finding,) = health_of(examined).findings

    assert "(SQLSTATE 25006)" in finding.message


@pytest.mark.parametrize(
    ("text", "expected"), [("500ms", 0.5), ("30s", 30), ("5 min", 300), ("2h", 7200), ("1d", 86400)]
)
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == expected


def test_what_is_unset_or_nonsense_is_said(examined: DatabaseUrl) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL is not set"):
        doctor()
    refused = CliRunner().invoke(cli, ["doctor", "--database-url", examined.plain, "--long-transaction", "soon"])
    assert (refused.exit_code, "'soon' is not a duration" in refused.output) == (2, True)


# -- the page ------------------------------------------------------------------------------------------


def test_every_code_is_on_the_page() -> None:
    source = "".join(file.read_text("utf-8") for file in Path(package.__path__[0]).glob("*.py"))
    made = set(re.findall(r"(?:Finding|_finding|database\.finding)\(\s*\"([a-z]+(?:-[a-z]+)*)\"", source))
    page = Page(ROOT, "docs/operations.md").text
    said = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", page.partition("| check | finding")[2].partition("\n\n")[0]))

    assert len(made) >= 18
    assert made | {"role-too-much", "role-lacks", ROLE_SETTING, LARGE_OBJECT} == said


def test_the_commands_of_the_page(migrated: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", migrated.plain)
    blocks = [b.text for b in Page(ROOT, "docs/operations.md").blocks if b.language == "sh"]
    for words in (words for text in blocks for words in check_docs.invocations(text)):
        done = CliRunner().invoke(cli, words, standalone_mode=False)
        assert done.exception is None, words
        # other tests' roles are on this server too
        assert done.return_value in ((None, 0, 3) if words[0] == "doctor" else (None, 0)), done.output
