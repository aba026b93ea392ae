"""Going on: decisions hold, changed sources are told, lost connections are redone, no two runs write at once."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from worlds import World, query, snapshot_of, value

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.run_session import pass_write_gate
from payrollx_db.consolidate.state.lock import exclusive
from payrollx_db.errors import LockLostError, PayrollxError, SourceError, StateConflictError, TargetError
from payrollx_db.model.events import Event, Notice, ObjectBuilt, RunStarted, StageStarted, TableFinished
from payrollx_db.model.policy import Policies
from payrollx_db.postgres.errors import is_transient
from payrollx_db.postgres.session import Endpoint, copy_connection, session
from payrollx_db.postgres.url import DatabaseUrl

ALL = ("unconvertible=quarantine", "duplicate=quarantine", "case-collision=quarantine", "orphan=quarantine",
       "lossy=round", "drift=owner", "stranded=adopt")  # fmt: skip
MOMENTS: dict[str, Callable[[Event], bool]] = {
    "the run is recorded": lambda e: isinstance(e, RunStarted),
    "a table is in": lambda e: (
        isinstance(e, TableFinished) and e.target in ("organization.organizations", "notification.notifications")
    ),
    "a foreign key is validated": lambda e: isinstance(e, ObjectBuilt) and e.kind == "foreign key check",
    "duplicates are merged": lambda e: isinstance(e, StageStarted) and e.stage == "merge",
}
MORE = """
INSERT INTO organizations (id, name, "createdBy", "updatedAt")
SELECT gen_random_uuid()::text, 'New ' || n, gen_random_uuid()::text, now() FROM generate_series(1, 2) AS n
"""
SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname = ANY (%s) AND application_name LIKE 'payrollx-db test%%'"
HOLDER = (
    "SELECT pid FROM pg_locks WHERE relation = 'payrollx_meta.run_lock'::regclass AND granted"
    " AND mode = 'ShareUpdateExclusiveLock'"
)


@pytest.fixture
def reading_world(reading_world: World) -> World:
    """The legacy databases, of which each table is copied as a large one is, though it has few rows."""
    reading_world.small_tables = 0
    return reading_world


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payrollx_db.consolidate.retrying.FIRST_PAUSE", 0.02)
    monkeypatch.setattr("payrollx_db.consolidate.retrying.JITTER", 0.01)
    monkeypatch.setattr("payrollx_db.consolidate.state.lock.WATCH", 0.05)


def at(moment: Callable[[Event], bool], does: Callable[[], object], seen: list[Event]) -> Callable[[Event], None]:
    """Return an observer that does something once, when the moment comes."""
    due = [does]

    def watch(event: Event) -> None:
        seen.append(event)
        if due and moment(event):
            due.pop()()

    return watch


def copy(world: World, *services: str, **options: Any) -> pipeline.Report:
    return asyncio.run(pipeline.copy(replace(world.task(*services), **options)))


def cut_off(world: World, *services: str, moment: str = "a table is in", **options: Any) -> None:
    async def go() -> None:
        task: asyncio.Task[Any]
        watch = at(MOMENTS[moment], lambda: task.cancel(), [])  # noqa: PLW0108 - it isn't there yet
        task = asyncio.create_task(pipeline.copy(replace(world.task(*services, observer=watch), **options)))
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(go())


async def for_ever() -> None:
    """Wait for what never comes: only being cancelled ends it."""
    await asyncio.get_running_loop().create_future()


def notices(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


# --- what was decided, and what has changed ---------------------------------------------------------------------


def test_decisions_hold_when_the_run_goes_on_without_the_policies(hostile_world: World) -> None:
    world = hostile_world
    cut_off(world, policies=Policies.read(ALL))
    decided = query(world.target, "SELECT source, key, kind, code FROM payrollx_meta.quarantine ORDER BY 1, 2, 3, 4")

    report = world.copy()

    assert report.run.id == 1
    assert decided
    assert (
        query(world.target, "SELECT source, key, kind, code FROM payrollx_meta.quarantine ORDER BY 1, 2, 3, 4")
        == decided
    )
    assert all(table.balanced for table in report.tables)
    assert world.verify().identical


def test_a_run_and_its_decisions_are_recorded_together(hostile_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("payrollx_db.consolidate.state.quarantine.record", broken)
    with pytest.raises(KeyboardInterrupt):
        copy(hostile_world, policies=Policies.read(ALL))

    assert query(hostile_world.target, "SELECT id FROM payrollx_meta.runs") == []


def test_rows_that_changed_between_the_calls_are_told(world: World) -> None:
    cut_off(world, "notification")
    source = world.urls["payrollx_notification"]
    query(source, "UPDATE notifications SET subject = 'changed' WHERE id = (SELECT min(id) FROM notifications)")
    query(
        source,
        'INSERT INTO notifications (id, "userId", recipient, subject, content, "updatedAt")'
        " SELECT gen_random_uuid()::text, gen_random_uuid()::text, 'a', 'b', 'c', now() FROM generate_series(1, 2)",
    )
    before = value(world.target, "SELECT max(rows_read) FROM payrollx_meta.tables WHERE status = 'copied'")

    report = world.copy("notification")

    changed = [finding for finding in report.findings if finding.code == "changed"]
    assert [(f.severity, f.place, f.count) for f in changed] == [
        ("warn", "payrollx_notification.public.notifications", 3)
    ] * len(changed)
    assert f"3 rows were inserted or updated, and of {before} rows it has {before + 2}" in changed[0].message
    assert any("payrollx_notification.public.notifications has changed" in text for text in notices(world.events))
    assert value(world.target, "SELECT count(*) FROM payrollx_meta.findings WHERE code = 'changed'") == 1


def test_each_call_counts_anew_what_has_changed(world: World) -> None:
    """What is recorded of a change is what the last call saw, not what the first one did."""
    source = world.urls["payrollx_notification"]
    change = (
        "UPDATE notifications SET subject = 'changed' WHERE id IN (SELECT id FROM notifications ORDER BY id LIMIT %s)"
    )
    recorded = "SELECT count FROM payrollx_meta.findings WHERE code = 'changed'"
    cut_off(world, "notification")
    query(source, change, (1,))
    cut_off(world, "notification", moment="the run is recorded")
    assert query(world.target, recorded) == [(1,)]

    query(source, change, (3,))
    report = world.copy("notification")

    assert [finding.count for finding in report.findings if finding.code == "changed"] == [3]
    assert query(world.target, recorded) == [(3,)]


def test_rows_that_are_gone_are_told(world: World) -> None:
    org = world.urls["payrollx_org"]
    query(org, MORE)
    cut_off(world, "organization")
    query(org, "DELETE FROM organizations WHERE name LIKE 'New %'")

    report = world.copy("organization")

    assert {f.count for f in report.findings if f.code == "changed"} == {2}


def test_an_unchanged_source_is_not_accused(reading_world: World) -> None:
    cut_off(reading_world, "organization")
    # what the server itself does to rows is no change
    query(reading_world.urls["payrollx_org"], "VACUUM (FREEZE) organizations")

    report = reading_world.copy("organization")

    assert [finding for finding in report.findings if finding.code == "changed"] == []


# --- lost connections -------------------------------------------------------------------------------------------


# Each side once, at a moment of its own; the others are pairs, which take longer all together.
SHORT = {
    ("source", "a table is in"),
    ("target", "a foreign key is validated"),
    ("lock", "the run is recorded"),
}


@pytest.mark.parametrize(
    ("side", "moment"),
    [
        pytest.param(side, moment, marks=() if (side, moment) in SHORT else pytest.mark.long)
        for side in ("source", "target", "lock")
        for moment in MOMENTS
    ],
)
def test_lost_sessions_are_redone(reading_world: World, side: str, moment: str) -> None:
    world = reading_world
    before = snapshot_of(world.target)["objects"]
    names = [world.target.dbname] if side == "target" else [url.dbname for url in world.urls.values()]
    ended: list[int] = []

    def end() -> None:
        holders = {pid for (pid,) in query(world.target, HOLDER)}
        found = holders if side == "lock" else {pid for (pid,) in query(world.target, SESSIONS, (names,))} - holders
        ended.extend(pid for pid in found if value(world.target, "SELECT pg_terminate_backend(%s)", (pid,)))

    events: list[Event] = []
    report = copy(world, "organization", "notification", observer=at(MOMENTS[moment], end, events))

    assert ended
    assert all(table.balanced for table in report.tables)
    assert query(world.target, "SELECT id, status FROM payrollx_meta.runs") == [(1, "done")]
    assert snapshot_of(world.target)["objects"] == before
    assert world.verify("organization", "notification").identical
    if side == "lock":
        assert any("the run is tried again" in text for text in notices(events))
        assert sum(isinstance(event, RunStarted) for event in events) == 2


def test_it_gives_up_at_last(reading_world: World) -> None:
    """A source that is gone for good ends the run, with its own exit code, and the run can be gone on with."""
    world = reading_world
    auth = world.urls["payrollx_auth"]
    events: list[Event] = []

    visitor = DatabaseUrl({**auth.params, "user": "visitor", "password": "visitor"})
    try:
        query(world.target, "CREATE ROLE visitor LOGIN PASSWORD 'visitor' IN ROLE pg_read_all_data")
        other = replace(world, urls={**world.urls, "payrollx_auth": visitor})

        def shut() -> None:
            query(world.target, f'ALTER DATABASE "{auth.dbname}" CONNECTION LIMIT 0')
            query(world.target, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'visitor'")

        with pytest.raises(SourceError, match="too many connections"):
            copy(other, "auth", observer=at(MOMENTS["the run is recorded"], shut, events))
    finally:
        query(world.target, f'ALTER DATABASE "{auth.dbname}" CONNECTION LIMIT -1')
        query(world.target, "DROP ROLE visitor")

    tried = [text for text in notices(events) if "is tried again" in text and "auth.users" in text]
    assert len(tried) == 5
    assert "(try 6 of 6)" in tried[-1]
    assert value(world.target, "SELECT status FROM payrollx_meta.runs") == "failed"
    assert world.copy("auth").run.id == 1


def test_the_first_contact_is_not_tried_again(reading_world: World) -> None:
    nowhere = DatabaseUrl({**reading_world.target.params, "port": "1"})

    with pytest.raises(TargetError):
        replace(reading_world, target=nowhere).copy()
    with pytest.raises(SourceError):
        replace(reading_world, urls=dict.fromkeys(reading_world.urls, nowhere)).copy()

    assert notices(reading_world.events) == []


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"dbname": "no_such_database"}, {"user": "nobody_here"}])
@pytest.mark.parametrize("opened", [session, copy_connection])
def test_what_waiting_will_not_mend_is_told_at_once(reading_world: World, change: dict[str, str], opened: Any) -> None:
    endpoint = Endpoint(DatabaseUrl({**reading_world.target.params, **change}), "target", "it")

    async def connect() -> None:
        async with opened(endpoint):
            pass

    with pytest.raises(PayrollxError) as caught:
        asyncio.run(connect())
    assert not caught.value.transient


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (FileNotFoundError(), False),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.CannotConnectNow(), True),
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (psycopg.errors.TooManyConnections(), True),
        (psycopg.errors.InvalidPassword(), False),
        (psycopg.errors.ProtocolViolation(), False),
        (psycopg.errors.UniqueViolation(), False),
        (psycopg.errors.LockNotAvailable(), False),
        (psycopg.errors.QueryCanceled(), False),
        (ValueError(), False),
    ],
)
def test_which_errors_pass(error: Exception, passes: bool) -> None:
    assert is_transient(error) is passes


# --- the run's lock ---------------------------------------------------------------------------------------------


def test_without_the_lock_nobody_writes(migrated: DatabaseUrl) -> None:
    target = Endpoint(migrated, "target", "it")

    async def go() -> int:
        async with exclusive(target) as run_session:
            lock_pid = run_session.lock_pid
            async with copy_connection(target) as writer, writer.transaction():
                await pass_write_gate(writer, target, lock_pid, "run 1")
        async with copy_connection(target) as writer, writer.transaction():
            await pass_write_gate(writer, target, lock_pid, "run 1")
        return lock_pid

    with pytest.raises(LockLostError):
        asyncio.run(go())


def test_a_run_records_only_behind_the_gate(migrated: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own session can't write elsewhere, and not any more once the lock's session is lost."""
    monkeypatch.setattr("payrollx_db.consolidate.state.lock.WATCH", 60)  # so that it's the gate that notices
    target = Endpoint(migrated, "target", "it")

    async def go() -> None:
        async with exclusive(target) as run_session:
            async with run_session.transaction() as connection:
                await connection.execute("CREATE TABLE public.kept ()")
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                await run_session.connection.execute("CREATE TABLE public.refused ()")
            query(migrated, "SELECT pg_terminate_backend(%s, 10000)", (run_session.lock_pid,))  # and wait for its end
            async with run_session.transaction() as connection:
                await connection.execute("CREATE TABLE public.late ()")

    with pytest.raises(LockLostError):
        asyncio.run(go())
    assert query(migrated, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [("kept",)]


def test_losing_the_lock_stops_the_run(migrated: DatabaseUrl) -> None:
    target = Endpoint(migrated, "target", "it")

    async def go() -> None:
        async with exclusive(target) as run_session:
            query(migrated, "SELECT pg_terminate_backend(%s)", (run_session.lock_pid,))
            await for_ever()

    with pytest.raises(LockLostError):
        asyncio.run(go())


def test_a_new_run_waits_until_the_old_one_writes_no_more(migrated: DatabaseUrl) -> None:
    """The old run's lock is gone, and one of its transactions is still open: the new one may not begin."""
    target = Endpoint(migrated, "target", "it", settings={"lock_timeout": "200ms"})
    entered: list[str] = []

    async def second() -> None:
        async with exclusive(target):
            entered.append("second")

    async def first(writer: Any) -> None:
        async with exclusive(target) as run_session:
            await pass_write_gate(writer, target, run_session.lock_pid, "run 1")
            query(migrated, "SELECT pg_terminate_backend(%s)", (run_session.lock_pid,))
            await for_ever()

    async def go() -> None:
        async with copy_connection(target) as writer:
            async with writer.transaction():
                with pytest.raises(LockLostError):
                    await first(writer)
                with pytest.raises(StateConflictError, match="a session of an earlier copy still writes"):
                    await second()
                assert entered == []
            await second()

    asyncio.run(go())
    assert entered == ["second"]
