"""The version of the state: an earlier one is taken up, a newer one is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from earlier_states import EarlierState
from worlds import World, query, snapshot_of, value

from payrollx_db.backup.session import session as backup_session
from payrollx_db.consolidate import pipeline, status
from payrollx_db.consolidate.state import schema
from payrollx_db.errors import StateConflictError, TargetError
from payrollx_db.report import loader

COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'payrollx_meta' ORDER BY 1, 2
"""
VERSIONS = "SELECT version, tool_version FROM payrollx_meta.versions ORDER BY version"
NEWER = (
    "INSERT INTO payrollx_meta.versions (version, tool_version) VALUES (%s, '9.9.9')"
    " ON CONFLICT (version) DO UPDATE SET tool_version = excluded.tool_version"
)


def status_of(world: World) -> status.Status:
    return asyncio.run(status.status(world.task().target))


# --- an earlier version -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "run_status", "written"), [("finished", "done", 79), ("interrupted", "running", 67)])
def test_status_shows_runs_of_an_earlier_version(
    earlier_state: EarlierState, state: str, run_status: str, written: int
) -> None:
    shown = status_of(earlier_state(state))

    assert [(run.id, run.status) for run in shown.runs] == [(1, run_status)]
    assert sum(table.rows_written or 0 for table in shown.tables) == written
    assert not shown.at_work


def test_a_run_of_an_earlier_version_is_resumed(earlier_state: EarlierState) -> None:
    world = earlier_state("interrupted")
    whole = earlier_state("finished")

    report = world.copy()

    assert (report.run.id, report.run.status) == (1, "done")
    assert all(table.balanced for table in report.tables)
    assert snapshot_of(world.target) == snapshot_of(whole.target)
    assert [version for version, _ in query(world.target, VERSIONS)] == list(range(2, schema.VERSION + 1))
    assert world.verify().identical


def test_verify_records_its_outcome_with_a_run_of_an_earlier_version(earlier_state: EarlierState) -> None:
    world = earlier_state("finished")

    assert world.verify().identical

    assert value(world.target, "SELECT count(*) FROM payrollx_meta.verifications WHERE identical") == 2
    assert value(world.target, "SELECT max(version) FROM payrollx_meta.versions") == schema.VERSION


def test_a_run_of_an_earlier_version_is_reported(earlier_state: EarlierState) -> None:
    world = earlier_state("finished")
    facts = asyncio.run(loader.read(world.task().target))

    assert (facts.state, len(facts.tables), len(facts.verifications)) == ("proven", 4, 1)


def test_a_run_of_an_earlier_version_is_undone(earlier_state: EarlierState) -> None:
    world = earlier_state("finished")

    report = asyncio.run(pipeline.copy(world.task(), restart=True))

    assert report.run.id == 2
    assert query(world.target, "SELECT id, status FROM payrollx_meta.runs ORDER BY id") == [(1, "undone"), (2, "done")]


def test_the_migrations_lead_where_a_new_state_begins(earlier_state: EarlierState, other_peoples_world: World) -> None:
    earlier = earlier_state("finished")
    earlier.verify()
    other_peoples_world.copy()

    assert query(earlier.target, COLUMNS) == query(other_peoples_world.target, COLUMNS)


def test_an_even_earlier_state_is_completed(earlier_state: EarlierState) -> None:
    """It had no record of verifications yet."""
    world = earlier_state("finished")
    query(world.target, "DROP TABLE payrollx_meta.verified_tables, payrollx_meta.verifications")

    assert world.verify().identical

    assert value(world.target, "SELECT count(*) FROM payrollx_meta.verified_tables") == 4


def test_a_migration_that_fails_leaves_the_version_that_was(earlier_state: EarlierState) -> None:
    """What is in its way is a view of that name."""
    world = earlier_state("interrupted")
    query(world.target, "CREATE VIEW payrollx_meta.versions AS SELECT 1 AS version, ''::text AS tool_version")

    with pytest.raises(TargetError, match="versions"):
        world.copy()

    assert query(world.target, VERSIONS) == [(1, "")]
    query(world.target, "DROP VIEW payrollx_meta.versions")
    assert world.copy().run.id == 1


# --- a newer version --------------------------------------------------------------------------------------------


@pytest.fixture
def newer_world(other_peoples_world: World) -> World:
    """A target whose state a newer tool has brought to the next version."""
    other_peoples_world.copy()
    query(other_peoples_world.target, NEWER, (schema.VERSION + 1,))
    return other_peoples_world


ACTIONS: dict[str, Callable[[World], Awaitable[Any]]] = {
    "status": lambda world: status.status(world.task().target),
    "quarantine": lambda world: status.quarantined(world.task().target),
    "plan": lambda world: pipeline.plan(world.task()),
    "copy": lambda world: pipeline.copy(world.task()),
    "restart": lambda world: pipeline.copy(world.task(), restart=True),
    "retry": lambda world: pipeline.retry(world.task()),
    "verify": lambda world: pipeline.verify(world.task()),
    "report": lambda world: loader.read(world.task().target),
}


def test_a_newer_version_is_refused(newer_world: World) -> None:
    """By each action, and by backups; none of them changes anything."""
    before = snapshot_of(newer_world.target)

    for name, action in ACTIONS.items():
        with pytest.raises(StateConflictError) as caught:
            asyncio.run(action(newer_world))  # type: ignore[arg-type]

        assert f"version {schema.VERSION + 1}, written by payrollx-db 9.9.9" in caught.value.message, name
        assert f"knows it up to version {schema.VERSION}" in caught.value.message
        assert "use payrollx-db 9.9.9" in caught.value.hint
        assert snapshot_of(newer_world.target) == before, name
    with backup_session(newer_world.target) as opened, pytest.raises(StateConflictError, match=r"9\.9\.9"):
        opened.refuse_unfinished_run(["shop"])
