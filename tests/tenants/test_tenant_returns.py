"""A tenant is kept out, let in, dropped and brought back, by the command line; the way back is whole or not taken."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import choirs.catalog
import pytest
from choir_lifecycles import Growing
from command_line import call

CHOIR = "it's.3"


@pytest.fixture
def choir(choirs_apart: Growing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Growing]:
    """A choir with a song and with both kinds of route."""
    choirs_apart.create(CHOIR, phone="+15550100")
    choirs_apart.query(f"INSERT INTO {choirs_apart.place(CHOIR)}.songs VALUES ('1', 'Te Deum', '1')")
    monkeypatch.setattr(choirs.catalog, "GROWN", choirs_apart.catalog, raising=False)
    yield choirs_apart
    choirs_apart.remove(CHOIR)


def tenant(choirs_here: Growing, folder: Path, *words: str) -> CompletedProcess[str]:
    """Run a command of tenants."""
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": choirs_here.url.plain, "HOME": str(folder),
           "PAYROLLX_BACKUPS": str(folder / "backups"), "PAYROLLX_KEY_FILE": str(folder / "backup.key")}  # fmt: skip
    return call(("tenant", *words, "--catalog", "choirs.catalog:GROWN", "--json"), env)


def status(choirs_here: Growing, folder: Path) -> str:
    listed = tenant(choirs_here, folder, "list")
    assert listed.returncode == 0, listed.stderr
    return {one["id"]: one["status"] for one in json.loads(listed.stdout)}.get(CHOIR, "none")


def everything(choirs_here: Growing) -> list[object]:
    """Return what there is of all tenants, with the rows of one."""
    songs = choirs_here.query(f"SELECT * FROM {choirs_here.place(CHOIR)}.songs")
    return [[one for one in choirs_here.there() if one[0] != "table"], songs, revisions(choirs_here)]


def revisions(choirs_here: Growing) -> list[tuple[object, ...]]:
    return choirs_here.query("SELECT tenant, schema, revision FROM payrollx_meta.tenants ORDER BY 1")


def test_a_tenant_is_suspended_and_let_in_and_who_is_unknown_is_refused(choir: Growing, tmp_path: Path) -> None:
    assert status(choir, tmp_path) == "active"
    suspended = tenant(choir, tmp_path, "suspend", CHOIR)
    assert (suspended.returncode, json.loads(suspended.stdout)) == (0, {"id": CHOIR, "status": "suspended"})
    assert status(choir, tmp_path) == "suspended"
    resumed = tenant(choir, tmp_path, "resume", CHOIR)
    assert (resumed.returncode, status(choir, tmp_path)) == (0, "active")
    for command in ("suspend", "resume"):
        unknown = tenant(choir, tmp_path, command, "nobody")
        assert (unknown.returncode, "nobody" in unknown.stderr) == (2, True), unknown.stderr


def test_a_tenant_that_was_dropped_comes_back_with_its_routes_status_and_rows(choir: Growing, tmp_path: Path) -> None:
    before = everything(choir)
    dropped = tenant(choir, tmp_path, "drop", CHOIR, "--yes")
    assert dropped.returncode == 0, dropped.stderr
    assert status(choir, tmp_path) == "none"
    backup = Path(json.loads(dropped.stdout)["backup"])
    kept = backup / "registry.json"
    assert kept.stat().st_mode & 0o077 == 0
    whole = kept.read_text("utf-8")
    kept.write_text(whole.replace("active", "paused"), "utf-8")
    forged = tenant(choir, tmp_path, "restore", CHOIR, "--yes")
    assert (forged.returncode, status(choir, tmp_path)) == (3, "none"), forged.stderr
    kept.write_text(whole, "utf-8")
    back = tenant(choir, tmp_path, "restore", CHOIR, "--yes")
    assert back.returncode == 0, back.stderr
    assert json.loads(back.stdout)["registry"] == {
        "registry.tenants": 1, "registry.emails": 1, "registry.phones": 1,
    }  # fmt: skip
    assert everything(choir) == before
    again = tenant(choir, tmp_path, "restore", CHOIR, "--yes")
    assert again.returncode == 6, again.stderr  # it is there, and services are in it
    assert everything(choir) == before


def test_a_tenant_whose_number_is_another_ones_by_now_does_not_come_back_in_part(
    choir: Growing, tmp_path: Path
) -> None:
    assert tenant(choir, tmp_path, "drop", CHOIR, "--yes").returncode == 0
    choir.create("other", phone="+15550100")
    try:
        between = choir.there()
        refused = tenant(choir, tmp_path, "restore", CHOIR, "--yes")
        assert (refused.returncode, "registry.phones" in refused.stderr) == (6, True), refused.stderr
        assert choir.there() == between
    finally:
        choir.remove("other")
    back = tenant(choir, tmp_path, "restore", CHOIR, "--yes")
    assert (back.returncode, status(choir, tmp_path)) == (0, "active"), back.stderr


def test_a_tenant_whose_schema_somebody_has_dropped_can_be_dropped_too_and_made_again(
    choir: Growing, tmp_path: Path
) -> None:
    choir.query(f"DROP SCHEMA {choir.place(CHOIR)} CASCADE")

    dropped = tenant(choir, tmp_path, "drop", CHOIR, "--yes")

    assert (dropped.returncode, status(choir, tmp_path)) == (0, "none"), dropped.stderr
    assert (json.loads(dropped.stdout)["rows"], json.loads(dropped.stdout)["backup"]) == (0, None)
    assert revisions(choir) == []
    choir.create(CHOIR, phone="+15550100")
    assert status(choir, tmp_path) == "active"
