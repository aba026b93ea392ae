"""The pool budget: arithmetic that never promises more than a server has, and the command that asks the server."""

import json
import re
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from conftest import TestServer, unique
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from payrollx_db.cli import cli
from payrollx_db.errors import ConfigurationError, TargetError
from payrollx_db.health.pool_budget import LEAST, MOST, Budget, Room, budget
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.unified import CATALOG

SERVICES = tuple(service.name for service in CATALOG.services)


def made(max_connections: int, replicas: int = 1, kept: int = 0, reserved: int = 0) -> Budget:
    return budget(Room(max_connections, reserved), SERVICES, replicas=replicas, kept=kept)


@pytest.mark.parametrize(
    ("max_connections", "replicas", "kept", "reserved", "pool", "overflow"),
    [
        (100, 1, 10, 3, 5, 5),  # 87 over 8
        (100, 2, 10, 3, 3, 2),  # 87 over 16
        (100, 5, 10, 3, 1, 1),  # 87 over 40: just so
        (1000, 1, 10, 3, MOST // 2, MOST // 2),  # 123 each, for which no process has a use
    ],
)
def test_what_each_process_may_take(
    max_connections: int, replicas: int, kept: int, reserved: int, pool: int, overflow: int
) -> None:
    found = made(max_connections, replicas, kept, reserved)

    assert found.fits
    assert found.advice == ()
    assert (found.pool_size, found.pool_overflow) == (pool, overflow)
    assert found.environment == {"PAYROLLX_POOL_SIZE": str(pool), "PAYROLLX_POOL_OVERFLOW": str(overflow)}


def test_where_it_does_not_fit_it_says_what_to_do() -> None:
    found = made(100, replicas=6, kept=10, reserved=3)  # 87 over 48

    assert not found.fits
    assert found.most_replicas == 5
    assert found.needed == 48 * LEAST + 10 + 3
    assert "at most 5 replicas" in found.advice[0]
    assert "PgBouncer" in found.advice[1]
    assert "max_connections to 109 or more" in found.advice[2]


def test_where_not_even_one_replica_fits_it_does_not_advise_fewer() -> None:
    assert not any("replica" in advice for advice in made(10).advice)


def test_the_limit_of_the_database_counts_too() -> None:
    found = budget(Room(100, 3, 16), SERVICES, replicas=2)

    assert found.usable == 16
    assert not found.fits
    assert any("the database's CONNECTION LIMIT to 32" in advice for advice in found.advice)


numbers = st.integers(0, 200)


@given(st.integers(1, 3000), st.integers(1, 40), numbers, numbers, st.integers(1, 8))
def test_what_is_promised_is_there(most: int, replicas: int, kept: int, reserved: int, services: int) -> None:
    found = budget(Room(most, reserved), SERVICES[:services], replicas=replicas, kept=kept)
    promised = found.processes * (found.pool_size + found.pool_overflow)

    assert promised == found.total == found.per_service * services
    assert found.pool_size >= 1
    assert found.fits == (promised <= most - reserved - kept)
    if not found.fits:
        assert budget(Room(found.needed, reserved), SERVICES[:services], replicas=replicas, kept=kept).fits
        assert not budget(Room(found.needed - 1, reserved), SERVICES[:services], replicas=replicas, kept=kept).fits
    if found.most_replicas:
        fewer = budget(Room(most, reserved), SERVICES[:services], replicas=found.most_replicas, kept=kept)
        assert fewer.fits


@pytest.mark.parametrize("wrong", [{"services": ()}, {"replicas": 0}, {"kept": -1}])
def test_nonsense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at least one service"):
        budget(Room(100), **{"services": SERVICES, **wrong})


# -- the command ---------------------------------------------------------------------------------------


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["pool-budget", *arguments], standalone_mode=False)
    if result.exception:
        raise result.exception
    return result


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", *(f"{service.upper()}_DATABASE_URL" for service in SERVICES)):
        monkeypatch.delenv(name, raising=False)


def test_a_number_needs_no_server() -> None:
    result = call("--max-connections", "97", "--replicas", "2", "--reserve", "1")

    assert result.return_value == 0
    assert re.search(r"^auth +2 +3 +3 +12$", result.stdout, re.MULTILINE)
    assert re.search(r"^together +16 +96$", result.stdout, re.MULTILINE)
    assert result.stdout.endswith("export PAYROLLX_POOL_SIZE=3\nexport PAYROLLX_POOL_OVERFLOW=3\n")


def test_the_document_and_the_exit_code_where_it_does_not_fit() -> None:
    result = call("--max-connections", "20", "--service", "auth", "--service", "wallet", "--replicas", "9", "--json")
    (server,) = json.loads(result.stdout)["servers"]

    assert result.return_value == 3
    assert json.loads(result.stdout)["fits"] is False
    assert server.keys() == {
        "server", "max_connections", "reserved", "database_limit", "kept", "usable", "services", "replicas",
        "processes", "share", "fits", "pool_size", "pool_overflow", "per_service", "total", "environment", "advice",
    }  # fmt: skip
    assert (server["services"], server["processes"], server["usable"]) == (["auth", "wallet"], 18, 10)
    assert server["environment"] == {}
    assert "it doesn't fit" in call("--max-connections", "20", "--replicas", "9").stdout


@pytest.fixture
def limited(server: TestServer, database: DatabaseUrl) -> DatabaseUrl:
    with psycopg.connect(server.url.conninfo(), autocommit=True) as connection:
        statement = sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 40").format(sql.Identifier(database.dbname))
        connection.execute(statement)
    return database


def test_auto_asks_the_server(limited: DatabaseUrl) -> None:
    with psycopg.connect(limited.conninfo()) as connection:
        names = ("max_connections", "superuser_reserved_connections", "reserved_connections")
        settings = [connection.execute("SELECT current_setting(%s, true)", [name]).fetchone() for name in names]
    most, *reserved = (int((row and row[0]) or 0) for row in settings)

    (found,) = json.loads(call("--database-url", limited.plain, "--json").stdout)["servers"]

    assert (found["max_connections"], found["reserved"]) == (most, sum(reserved))
    assert (found["database_limit"], found["usable"]) == (40, 30)
    assert found["server"] == limited.masked


def test_services_on_another_server_are_counted_there(
    server: TestServer, database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.params["host"] != "127.0.0.1":
        pytest.skip("the server has one name only")
    aside = server.create_database(unique("aside"))
    monkeypatch.setenv("DATABASE_URL", database.plain)
    monkeypatch.setenv("WALLET_DATABASE_URL", aside.plain)
    try:
        (alone,) = json.loads(call("--json").stdout)["servers"]
        # the same server under another name is another server, as far as anyone can tell
        monkeypatch.setenv("WALLET_DATABASE_URL", aside.plain.replace("127.0.0.1", "localhost"))
        both = json.loads(call("--json").stdout)["servers"]
    finally:
        server.drop_database(aside.dbname)

    assert sorted(alone["services"]) == sorted(SERVICES)
    assert [share["services"] for share in both] == [[name for name in SERVICES if name != "wallet"], ["wallet"]]


def test_what_is_wrong_is_said(database: DatabaseUrl) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL is not set"):
        call()
    with pytest.raises(ConfigurationError, match="has no service 'wallets'"):
        call("--max-connections", "100", "--service", "wallets")
    with pytest.raises(TargetError, match="can't connect"):
        call("--database-url", database.with_database("nothing_there").plain)
    refused = CliRunner().invoke(cli, ["pool-budget", "--max-connections", "many"])
    assert (refused.exit_code, "'many' is neither auto nor a positive number" in refused.output) == (2, True)
