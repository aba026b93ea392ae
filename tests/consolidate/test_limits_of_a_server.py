"""Limits that only a server of its own can have: few locks, WAL that isn't archived, transactions that run out."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from preflight_worlds import CATALOG, LAYOUT, findings_in, login
from servers import THROW_AWAY
from watchers import eventually
from worlds import World, query, value

from payrollx_db.devserver import Server, create_database
from payrollx_db.model.finding import Finding

FEW = {
    "max_connections": "20",
    "max_prepared_transactions": "0",
    "max_locks_per_transaction": "10",
    "archive_mode": "on",
    "archive_command": "false",
    "wal_level": "replica",
    "autovacuum": "off",
}
PARTITIONS = 50  # each is a table with its index, and a TOAST table with its own: 202 locks, and there is room for 200
AGED = "UPDATE pg_database SET datfrozenxid = ((txid_current() - {age}) & 4294967295)::text::xid WHERE datname = 'new'"


@pytest.fixture
def small(reachable_tmp: Path) -> Iterator[World]:
    """A world on a server with few locks, which can't archive its WAL; the target has many partitions."""
    server = Server(reachable_tmp / "server", settings=THROW_AWAY | FEW)
    try:
        server.up()
        source, target = (create_database(server.url(), name) for name in ("old", "new"))
        query(source, "CREATE TABLE things (id integer PRIMARY KEY, name text)")
        with psycopg.connect(target.conninfo(), autocommit=True) as connection:
            connection.execute("CREATE SCHEMA shop")
            connection.execute("CREATE TABLE shop.things (id integer PRIMARY KEY, name text) PARTITION BY HASH (id)")
            for number in range(PARTITIONS):
                connection.execute(
                    f"CREATE TABLE shop.p{number} PARTITION OF shop.things FOR VALUES"
                    f" WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
                )
        yield World({"old": source}, target, LAYOUT, CATALOG)
    finally:
        server.destroy()


def findings_of(world: World, code: str) -> list[Finding]:
    return [finding for finding in findings_in(world) if finding.code == code]


def test_what_a_small_server_can_not_do_is_found_before(small: World) -> None:
    query(small.target, "SELECT pg_switch_wal()")
    failures = "SELECT failed_count FROM pg_stat_archiver"
    eventually(lambda: value(small.target, failures) > 0, "a failure to archive")

    (locks,) = findings_of(small, "locks")
    (archiving,) = findings_of(small, "archiving")

    assert (locks.severity, locks.place) == ("block", "new.shop.things")
    assert "takes 202 locks, and the server has room for 200" in locks.message
    assert (archiving.severity, archiving.place) == ("warn", "new")
    for age, severity in ((1_600_000_000, "warn"), (2_141_000_000, "block")):
        query(small.target, AGED.format(age=age))
        (wraparound,) = findings_of(small, "wraparound")
        assert (wraparound.severity, wraparound.place) == (severity, "new")


def test_sorting_that_a_role_has_no_room_for_is_warned_of(tiny: World, role: str) -> None:
    limited = replace(tiny, target=login(tiny.target, role))
    query(tiny.urls["old"], "INSERT INTO things SELECT n, repeat('x', 100) FROM generate_series(1, 5000) n; ANALYZE")
    assert not [finding for finding in findings_of(limited, "setting") if "temp_file_limit" in finding.message]

    query(tiny.target, f"ALTER ROLE \"{role}\" SET temp_file_limit = '100kB'")  # which only a superuser may

    (finding,) = findings_of(limited, "setting")
    assert (finding.severity, finding.place) == ("warn", tiny.target.dbname)
    assert "temp_file_limit is 0.1 MB" in finding.message


def test_a_tablespace_for_sorting_that_is_closed_to_the_role_is_named(tiny: World, role: str) -> None:
    """The server passes over it without a word, and sorts where the database lies."""
    limited = replace(tiny, target=login(tiny.target, role))
    query(tiny.target, f"ALTER ROLE \"{role}\" SET temp_tablespaces = 'pg_default', 'pg_global', 'not \"there\"'")

    (finding,) = [finding for finding in findings_of(limited, "setting") if "temp_tablespaces" in finding.message]

    assert (finding.severity, finding.count) == ("warn", 2)
    assert finding.examples == ('not "there"', "pg_global")
