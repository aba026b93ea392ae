"""Cut off in the middle: the state stays true, nothing stays behind, and the next copy goes on with the run."""

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from doors import at_the_door, door_closed
from watchers import PATIENCE, eventually
from worlds import World, query, snapshot_of, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import StateConflictError
from payrollx_db.model.events import Event, ObjectBuilt, RunStarted, StageStarted, TableFinished, TableStarted

SERVICES = ("auth", "notification")
PARTS = {"auth.users", "auth.refresh_tokens", "auth.audit_logs", "notification.notifications"}
SESSION_STATE = "auth.refresh_tokens"  # small: what is sent of it can wait in the server

OURS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'payrollx-db' AND datname = ANY (%s)"
RUN_LOCK = (
    "SELECT count(*) FROM pg_locks WHERE relation = 'payrollx_meta.run_lock'::regclass AND granted"
    " AND mode = 'ShareUpdateExclusiveLock'"
)
DONE_PARTS = "SELECT target, snapshot::text, finished_at FROM payrollx_meta.parts WHERE finished_at IS NOT NULL"


@pytest.fixture
def reading_world(reading_world: World) -> World:
    """The legacy databases, of which each table is copied as a large one is, though it has few rows."""
    reading_world.small_tables = 0
    return reading_world


@contextmanager
def started(world: World, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a session and process group of its own, as a shell does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "payrollx_db", *arguments],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options,
        env=world.env | {"PAYROLLX_SERVICES": " ".join(SERVICES), "PAYROLLX_JOBS": "2"},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def until_one_is_held(world: World) -> None:
    """Wait until every other table is in, and the held one's first row is at the door."""

    def others_are_in() -> bool:
        if not value(world.target, "SELECT to_regclass('payrollx_meta.parts')"):
            return False
        return {row[0] for row in query(world.target, DONE_PARTS)} == PARTS - {SESSION_STATE}

    eventually(others_are_in, "the other tables' arrival")
    eventually(lambda: at_the_door(world) == 1, "the wait at the door")


def sessions(world: World) -> list[tuple[Any, ...]]:
    names = [url.dbname for url in (world.target, *world.urls.values())]
    return query(world.target, OURS, (names,))


def goes_on(world: World, before: dict[str, Any]) -> None:
    """Copy again: it is the same run, what was done isn't done again, and all is in place and identical at the end."""
    done = query(world.target, DONE_PARTS)
    assert {part[0] for part in done} == PARTS - {SESSION_STATE}

    again = world.command("copy", "--json", env={"PAYROLLX_SERVICES": " ".join(SERVICES)})

    assert again.returncode == 0, again.stderr
    assert "run 1 resumed" in again.stderr
    report = json.loads(again.stdout)
    assert (report["run"], report["status"]) == (1, "done")
    assert all(t["read"] == t["written"] > 0 for t in report["tables"])
    assert {t["target"] for t in report["tables"]} == PARTS
    assert set(done) < set(query(world.target, DONE_PARTS))
    assert query(world.target, "SELECT id, status FROM payrollx_meta.runs") == [(1, "done")]
    assert world.verify(*SERVICES).identical
    assert snapshot_of(world.target)["objects"] == before["objects"]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(signal.SIGINT, id="SIGINT"),
        pytest.param(signal.SIGTERM, id="SIGTERM", marks=pytest.mark.long),  # it takes the way of SIGINT
        pytest.param(signal.SIGKILL, id="SIGKILL"),
    ],
)
def test_a_signal_in_the_middle(reading_world: World, kind: signal.Signals) -> None:
    world = reading_world
    before = snapshot_of(world.target)
    with door_closed(world, SESSION_STATE):
        with started(world, "copy") as process:
            until_one_is_held(world)
            assert value(world.target, RUN_LOCK) == 1

            os.killpg(process.pid, kind)
            out, err = process.communicate(timeout=PATIENCE)

        assert out == ""
        assert "Traceback" not in err
        assert "never awaited" not in err
        # while the door is still closed: no statement of ours waits on, no lock is held
        eventually(lambda: not sessions(world), "the end of our sessions")
        assert value(world.target, RUN_LOCK) == 0

    status = value(world.target, "SELECT status FROM payrollx_meta.runs")
    if kind != signal.SIGKILL:
        assert process.returncode == 130
        assert [line for line in err.splitlines() if line.startswith("payrollx-db")] == ["payrollx-db: interrupted"]
        assert err.endswith("payrollx-db: interrupted\n")
        (note,) = [line for line in err.splitlines() if line.startswith("note: run 1 is unfinished")]
        assert "(interrupted in stage copy): 3 of 4 tables and " in note
        assert "are still down; payrollx-db copy --service auth --service notification resumes it" in note
        assert status == "interrupted"
        assert value(world.target, "SELECT finished_at IS NOT NULL FROM payrollx_meta.runs")
    else:
        assert process.returncode in (-kind, 128 + kind)
        assert status in ("running", "interrupted")
    goes_on(world, before)


def test_no_bar_is_left_on_the_screen(reading_world: World) -> None:
    controller, terminal = pty.openpty()
    pieces = []

    def read() -> None:  # meanwhile, too: a terminal holds little, and who writes to a full one waits
        with suppress(OSError):  # the other end is closed
            while True:
                pieces.append(os.read(controller, 65536))

    reader = threading.Thread(target=read)
    with door_closed(reading_world, SESSION_STATE), started(reading_world, "copy", stderr=terminal) as process:
        os.close(terminal)
        reader.start()
        until_one_is_held(reading_world)

        os.killpg(process.pid, signal.SIGINT)
        reader.join(PATIENCE)
        process.wait(timeout=PATIENCE)
    os.close(controller)
    shown = b"".join(pieces)

    assert process.returncode == 130
    assert b"\x1b[?25l" in shown, "no bars were shown at all"
    bars, _, rest = shown.rpartition(b"\x1b[?25h")  # the cursor is shown again
    assert b"interrupted" in rest
    assert b"rows" not in rest
    assert b"\x1b[2K" in bars[-200:] + rest, "the bars are wiped"


def test_while_a_copy_is_under_way(reading_world: World) -> None:
    """A second copy is refused, naming the run; status shows what is under way."""
    world = reading_world
    with door_closed(world, SESSION_STATE) as open_it, started(world, "copy", "--json") as process:
        until_one_is_held(world)

        second = world.command("copy", "--json")
        seen = world.answer("status")
        words = world.command("status").stdout

        assert (second.returncode, second.stdout) == (6, "")
        (problem,) = [line for line in second.stderr.splitlines() if line.startswith("payrollx-db: ")]
        assert "another copy is at work" in problem
        assert f"run 1, process {process.pid}" in problem
        assert [(run["id"], run["status"], run["stage"]) for run in seen["runs"]] == [(1, "running", "copy")]
        tables = {table["target"]: table for table in seen["tables"]}
        assert {name for name, table in tables.items() if table["status"] == "running"} == {SESSION_STATE}
        assert {name for name, table in tables.items() if table["status"] == "copied"} == PARTS - {SESSION_STATE}
        assert all(tables[name]["read"] for name in PARTS - {SESSION_STATE})
        assert "running" in next(line for line in words.splitlines() if SESSION_STATE in line)
        open_it()
        out, err = process.communicate(timeout=PATIENCE)

        assert process.returncode == 0, err
        assert json.loads(out)["status"] == "done"


# --- cut off at chosen moments, within this process ----------------------------------------------------------


def cut_off(world: World, moment: Callable[[Event], bool], *services: str) -> None:
    """Copy, and be cancelled when ``moment`` comes, as Ctrl-C does."""

    async def copy() -> None:
        def watch(event: Event) -> None:
            if moment(event):
                task.cancel()

        task = asyncio.create_task(pipeline.copy(world.task(*services, observer=watch)))
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(copy())


def ends_well(world: World, before: dict[str, Any], *services: str) -> None:
    report = world.copy(*services)

    assert all(table.balanced for table in report.tables)
    assert world.verify(*services).identical
    assert snapshot_of(world.target)["objects"] == before["objects"]
    assert query(world.target, "SELECT id, status FROM payrollx_meta.runs") == [(1, "done")]


MOMENTS: dict[str, Callable[[Event], bool]] = {
    "the run is recorded": lambda e: isinstance(e, RunStarted),
    "copying begins": lambda e: isinstance(e, StageStarted) and e.stage == "copy",
    "a table begins": lambda e: isinstance(e, TableStarted) and e.target == "organization.organization_settings",
    "a table is in": lambda e: isinstance(e, TableFinished),  # whichever: the others may have been in before a cut
    "an index is built": lambda e: isinstance(e, ObjectBuilt) and e.kind == "index",
    "a primary key stands": lambda e: isinstance(e, ObjectBuilt) and e.kind == "primary key",
    "foreign keys are put back": lambda e: isinstance(e, StageStarted) and e.stage == "load",
    "a foreign key stands": lambda e: isinstance(e, ObjectBuilt) and e.kind == "foreign key",
    "a foreign key is validated": lambda e: isinstance(e, ObjectBuilt) and e.kind == "foreign key check",
    "duplicates are merged": lambda e: isinstance(e, StageStarted) and e.stage == "merge",
}


SINGLY = ("the run is recorded", "an index is built", "a foreign key stands", "duplicates are merged")
IN_A_ROW = tuple(moment for moment in MOMENTS if moment not in SINGLY or moment == "an index is built")


@pytest.mark.parametrize("moment", SINGLY)
def test_cut_off_at_any_moment(reading_world: World, moment: str) -> None:
    before = snapshot_of(reading_world.target)

    cut_off(reading_world, MOMENTS[moment], "organization")
    assert value(reading_world.target, "SELECT status FROM payrollx_meta.runs") == "interrupted"

    ends_well(reading_world, before, "organization")


def test_cut_off_again_and_again(reading_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # As of a large table: those of a small one are back, and their constraints, in one transaction.
    monkeypatch.setattr("payrollx_db.consolidate.copy.copying.FEW_BYTES", -1)
    before = snapshot_of(reading_world.target)
    for moment in IN_A_ROW:
        cut_off(reading_world, MOMENTS[moment], "organization")
        assert query(reading_world.target, "SELECT id, status FROM payrollx_meta.runs") == [(1, "interrupted")]

    ends_well(reading_world, before, "organization")


def test_a_part_in_slices_is_redone_whole(reading_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices commit one by one, so what a run finds half-done there has to go before it begins anew."""
    monkeypatch.setattr("payrollx_db.consolidate.plan.plan.SLICE_BYTES", 1)
    world = reading_world
    before = snapshot_of(world.target)
    assert [t.slices for t in world.plan("notification", jobs=4).copies] == [4]
    with door_closed(world, "notification.notifications"):

        async def copy() -> None:
            task = asyncio.create_task(pipeline.copy(world.task("notification", jobs=4)))
            await asyncio.to_thread(eventually, lambda: at_the_door(world) >= 2, "the wait of two slices")
            task.cancel()
            await task

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(copy())
    (table,) = world.plan("notification").copies
    with psycopg.connect(world.target.conninfo()) as connection:  # one slice is in, with its record
        connection.execute("INSERT INTO notification.notifications (user_id, recipient, title, message)"
                           " VALUES (gen_random_uuid(), 'half', 'a', 'part')")  # fmt: skip
        connection.execute("INSERT INTO payrollx_meta.slices (run_id, source, target, part, slice, rows_read,"
                           " rows_written, bytes) VALUES (1, %s, %s, 0, 0, 1, 1, 1)", table.place)  # fmt: skip

    ends_well(world, before, "notification")


# --- who may go on --------------------------------------------------------------------------------------------


@pytest.fixture
def interrupted(reading_world: World) -> World:
    cut_off(reading_world, MOMENTS["a table is in"], "organization")
    return reading_world


def test_another_database_may_not_go_on(interrupted: World, legacy: Any) -> None:
    """The same layout, the same server, equal rows: but not the database that the run was started from."""
    other = replace(interrupted, urls={**interrupted.urls, "payrollx_org": legacy.urls["payrollx_org"]})
    before = snapshot_of(interrupted.target)

    done = other.command("copy", "--service", "organization")

    assert done.returncode == 6
    assert "run 1 was started from another database as payrollx_org" in done.stderr
    assert snapshot_of(interrupted.target) == before
    assert value(interrupted.target, "SELECT status FROM payrollx_meta.runs") == "interrupted"
    assert interrupted.copy("organization").run.id == 1


def test_other_services_may_not_go_on(interrupted: World) -> None:
    with pytest.raises(StateConflictError, match="run 1 is unfinished, and it was of legacy for organization"):
        interrupted.copy("auth")


def test_a_source_that_changed_its_shape_may_not_go_on(
    server: Any, legacy: Any, reading_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = replace(reading_world, urls=legacy.urls)
    cut_off(world, MOMENTS["a table is in"], "organization")
    query(world.urls["payrollx_org"], "CREATE TABLE later (id int)")
    org = world.layout.database("payrollx_org")
    discards = (*org.discards, replace(org.discards[0], table="later"))
    databases = tuple(replace(db, discards=discards) if db is org else db for db in world.layout.databases)
    known = replace(world, layout=replace(world.layout, databases=databases))

    with pytest.raises(StateConflictError, match="the tables of payrollx_org have changed their shape since run 1"):
        known.copy("organization")


def test_the_name_of_the_layout_is_part_of_the_run(interrupted: World) -> None:
    other = replace(interrupted, layout=replace(interrupted.layout, name="another"))

    with pytest.raises(StateConflictError, match="run 1 is unfinished"):
        other.copy("organization")
