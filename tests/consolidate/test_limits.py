"""What the servers let a run use, and how they are set for its login: told before the copy, not met half-way."""

from dataclasses import replace

import psycopg
import pytest
from conftest import TestServer
from preflight_worlds import Make, findings_in, login
from psycopg import sql
from psycopg.rows import class_row
from worlds import World, query

from payrollx_db.consolidate.check.limits import Limits, queries
from payrollx_db.model.finding import Finding

CODES = ("connections", "locks", "setting", "replicated", "archiving", "logging", "wraparound")


def limits_in(world: World) -> list[Finding]:
    """Return what the preflight checks say of limits and settings."""
    return [finding for finding in findings_in(world) if finding.code in CODES]


def test_a_server_as_it_comes_is_no_finding(make_world: Make) -> None:
    assert limits_in(make_world()) == []


@pytest.mark.parametrize(
    ("statement", "code", "severity"),
    [
        ("ALTER DATABASE {} SET default_transaction_read_only = on", "setting", "block"),
        ("ALTER DATABASE {} SET session_replication_role = 'replica'", "setting", "warn"),
        ("ALTER DATABASE {} SET log_statement = 'all'", "logging", "warn"),
        ("ALTER DATABASE {} SET log_min_duration_statement = 0", "logging", "warn"),
    ],
)
def test_a_setting_of_the_target_that_a_run_would_meet(
    make_world: Make, statement: str, code: str, severity: str
) -> None:
    world = make_world()
    query(world.target, statement.format(f'"{world.target.dbname}"'))

    assert [(f.code, f.severity, f.place) for f in limits_in(world)] == [(code, severity, world.target.dbname)]


def test_slow_statements_alone_may_be_logged(make_world: Make) -> None:
    world = make_world()
    query(world.target, f"ALTER DATABASE \"{world.target.dbname}\" SET log_min_duration_statement = '1500ms'")

    assert limits_in(world) == []


def test_a_run_never_waits_for_itself(tiny: World) -> None:
    """Read-only transactions that are serializable and deferrable wait for others to end: for the run's own, too."""
    for url in (tiny.target, *tiny.urls.values()):
        for setting in ("default_transaction_isolation = serializable", "default_transaction_deferrable = on"):
            query(url, f'ALTER DATABASE "{url.dbname}" SET {setting}')

    tiny.copy()

    assert tiny.verify().identical


def test_fewer_sessions_than_a_run_opens(tiny: World, role: str) -> None:
    limited = replace(tiny, target=login(tiny.target, role))
    query(tiny.target, f'ALTER ROLE "{role}" CONNECTION LIMIT 3')

    (finding,) = limits_in(limited)

    assert (finding.code, finding.severity) == ("connections", "block")
    assert "CONNECTION LIMIT" in finding.message

    query(tiny.target, f'ALTER ROLE "{role}" CONNECTION LIMIT 6')
    assert [(f.code, f.severity) for f in limits_in(limited)] == [("connections", "warn")]


def test_processes_of_the_server_itself_take_no_session(server: TestServer, role: str) -> None:
    """Whose kind is hidden from the role that asks: a small server with many of them would seem to be full."""
    with psycopg.connect(server.url.conninfo()) as connection:  # one transaction sees one list of sessions
        connection.execute("SET LOCAL application_name = 'who asks'")
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        (limits,) = connection.cursor(row_factory=class_row(Limits)).execute(queries.load("limits")).fetchall()
        connection.execute("RESET ROLE")
        listed = "SELECT count(*) FROM pg_catalog.pg_stat_get_activity(NULL) WHERE backend_type"
        ((clients,),) = connection.execute(f"{listed} = 'client backend'").fetchall()
        ((others,),) = connection.execute(f"{listed} <> 'client backend'").fetchall()

    assert others > 0
    assert limits.used <= clients


def test_a_published_table_is_named(make_world: Make) -> None:
    world = make_world()
    query(world.target, 'CREATE PUBLICATION "All of it" FOR TABLE shop.things')

    (finding,) = limits_in(world)

    assert (finding.code, finding.severity, finding.examples) == ("replicated", "warn", ("All of it",))
