"""``payrollx-db dev``, from up to down --destroy."""

import json
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from payrollx_db.catalogs.payrollx.practice.databases import drop_legacy
from payrollx_db.cli import cli
from payrollx_db.devserver import Programs, Server, database_exists, drop_database
from payrollx_db.devserver.programs import folders
from payrollx_db.errors import ConfigurationError, DevServerError
from payrollx_db.unified import CATALOG

TABLES = 18


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["dev", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A server's folder that the account of root's servers can reach: pytest's own are closed to it."""
    try:
        Programs.find()
    except DevServerError as error:
        pytest.skip(str(error))
    place = Path(tempfile.mkdtemp(prefix="payrollx-db-"))
    yield place
    Server(place).destroy()


@pytest.fixture(autouse=True)
def _environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYROLLX_DEV_DATA_DIR", str(folder))
    own = (f"{service.name.upper()}_DATABASE_URL" for service in CATALOG.services)
    for name in ("DATABASE_URL", "LEGACY_DATABASE_URL", *own):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def up(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(call("up", "--json").stdout)
    return document


def exported() -> dict[str, str]:
    lines = [shlex.split(line) for line in call("env").stdout.splitlines()]
    assert all(line[0] == "export" and len(line) == 2 for line in lines)
    return dict(line[1].split("=", 1) for line in lines)


def test_up_answers_with_the_next_step(up: dict[str, Any], folder: Path) -> None:
    result = call("up")

    assert f"127.0.0.1:{up['port']}/payrollx_production" in result.stdout
    assert f'eval "$(payrollx-db dev env --data-dir {folder})"' in result.stderr
    assert (folder / "password").read_text() not in result.output
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_status(up: dict[str, Any], folder: Path) -> None:
    document = json.loads(call("status", "--json").stdout)

    assert document == up
    assert document.keys() == {"running", "data_dir", "version", "port", "pid", "programs", "url"}
    assert document["url"] == f"postgresql://postgres:***@127.0.0.1:{up['port']}/payrollx_production"
    assert f"Postgres {up['version']} runs at" in call("status").stdout


def test_env_is_for_the_shell(up: dict[str, Any]) -> None:
    found = exported()

    assert found.keys() == {"DATABASE_URL", "LEGACY_DATABASE_URL"}
    for name, database in (("DATABASE_URL", "payrollx_production"), ("LEGACY_DATABASE_URL", "postgres")):
        with psycopg.connect(found[name]) as connection:
            assert connection.info.dbname == database


def test_down_and_up_again(up: dict[str, Any]) -> None:
    assert "stopped the server" in call("down").stderr
    assert "no server runs" in call("down").stderr
    assert json.loads(call("status", "--json").stdout)["running"] is False
    assert "is stopped" in call("status").stdout
    with pytest.raises(DevServerError, match="payrollx-db dev up"):
        call("env")
    assert json.loads(call("up", "--json").stdout)["port"] == up["port"]


@pytest.mark.long
def test_destroy_removes_the_files(reachable_tmp: Path) -> None:
    place = reachable_tmp / "server"
    assert "no server runs" in call("status", "--data-dir", str(place)).stdout
    call("up", "--data-dir", str(place))
    assert f"removed {place}" in call("down", "--destroy", "--data-dir", str(place)).stderr
    assert not place.exists()


def test_another_installation_serves_from_then_on(reachable_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAYROLLX_PG_BIN", raising=False)
    monkeypatch.setenv("PAYROLLX_DEV_DATA_DIR", str(reachable_tmp / "server"))
    newest = Programs.find()
    installed = [programs for folder in folders() if (programs := Programs.at(folder))]
    other = next((programs for programs in installed if programs.major != newest.major), None)
    if not other:
        pytest.skip("there is one version of Postgres alone")
    try:
        # The folder above the programs will do, as installations are often known by it.
        document = json.loads(call("up", "--bin", str(other.folder.parent), "--json").stdout)
        assert (document["version"], document["programs"]) == (other.major, str(other.folder))
        with pytest.raises(DevServerError, match="the data was made by Postgres"):
            call("up", "--bin", str(newest.folder))
        call("down")
        assert json.loads(call("up", "--json").stdout)["programs"] == str(other.folder)
    finally:
        call("down", "--destroy")


def test_a_running_server_keeps_its_programs(up: dict[str, Any], reachable_tmp: Path) -> None:
    same = reachable_tmp / "bin"
    shutil.copytree(up["programs"], same, symlinks=True)
    with pytest.raises(DevServerError, match="runs with the programs in") as refused:
        call("up", "--bin", str(same))
    assert refused.value.hint == "stop it first: payrollx-db dev down"


def test_missing_programs_are_named(reachable_tmp: Path) -> None:
    folder = reachable_tmp / "bin"
    folder.mkdir()
    (folder / "postgres").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(DevServerError, match=rf"--bin names {folder}, which doesn't have initdb, pg_ctl"):
        call("up", "--bin", str(folder))
    for name in ("initdb", "pg_ctl"):
        (folder / name).touch()
    with pytest.raises(DevServerError, match="whose postgres doesn't run on this machine"):
        call("up", "--bin", str(folder))


@pytest.mark.long
def test_legacy_fills_the_embedded_server(up: dict[str, Any]) -> None:
    url = Server(Path(up["data_dir"])).url()
    call("down")
    result = call("legacy", "--employees", "2")
    try:
        assert next(line.split() for line in result.stdout.splitlines() if " users " in line)[2] == "14"
        assert "trouble" not in result.stdout
        assert "made payrollx_auth: " in result.stderr
        assert f"making practice databases on {url.masked}" in result.stderr
    finally:
        drop_legacy(url)


def test_legacy_fills_the_server_that_is_named(up: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    found = exported()
    monkeypatch.setenv("LEGACY_DATABASE_URL", found["LEGACY_DATABASE_URL"])
    monkeypatch.setenv("PAYROLLX_DEV_DATA_DIR", "/nowhere")
    url = Server(Path(up["data_dir"])).url()
    try:
        arguments = ("legacy", "--employees", "2", "--hostile", "--seed", "3", "--json")
        with pytest.raises(ConfigurationError, match=r"this makes practice databases on .*:\*\*\*@") as asked:
            call(*arguments)  # it isn't the embedded server of that folder, and nobody is there to ask
        assert "--yes" in asked.value.hint
        assert not database_exists(url, "payrollx_auth")
        document = json.loads(call(*arguments, "--yes").stdout)
    finally:
        drop_legacy(url)

    assert (document["employees"], document["seed"], document["hostile"]) == (2, 3, True)
    assert len(document["tables"]) == TABLES
    assert document["tables"][0].keys() == {"database", "table", "rows", "bytes", "copy"}
    assert document["rows"] == sum(table["rows"] for table in document["tables"])
    orphans = {"code": "orphan", "place": "payrollx_employee.public.employees.userId", "count": 3}
    assert orphans in document["troubles"]
    assert "***" in document["url"]


@pytest.mark.long
def test_hostile_prints_the_troubles(up: dict[str, Any]) -> None:
    try:
        lines = call("legacy", "--employees", "1", "--hostile").stdout.splitlines()
    finally:
        drop_legacy(Server(Path(up["data_dir"])).url())

    assert ["orphan", "payrollx_employee.public.employees.userId", "3"] in [line.split() for line in lines]


def test_seed_fills_the_embedded_servers_database(up: dict[str, Any]) -> None:
    call("down")
    first, second = (json.loads(call("seed", "--json").stdout) for _ in range(2))

    assert first["databases"][0]["url"] == second["databases"][0]["url"] == up["url"]
    assert sum(table["written"] + table["there"] for table in first["databases"][0]["tables"]) > 0
    assert second["written"] == 0


def test_up_makes_the_unified_database_again(up: dict[str, Any]) -> None:
    drop_database(Server(Path(up["data_dir"])).url(), "payrollx_production")
    call("up")
    with psycopg.connect(exported()["DATABASE_URL"]) as connection:
        assert connection.info.dbname == "payrollx_production"


def test_no_employees_is_a_usage_error() -> None:
    result = call("legacy", "--employees", "0")

    assert result.exit_code == 2
    assert "--employees" in result.output
