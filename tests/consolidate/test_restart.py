"""`copy --restart`: what runs have written is thrown away, and nothing else is."""

import asyncio
from collections.abc import Callable

import psycopg
import pytest
from rule_worlds import MakeTables
from watchers import once
from worlds import World, query, snapshot_of, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import StateConflictError
from payrollx_db.model.events import Event, TableFinished

RUNS = "SELECT id, status FROM payrollx_meta.runs ORDER BY id"
SERVICES = ("organization", "notification")


def restart(world: World, *services: str) -> pipeline.Report:
    return asyncio.run(pipeline.copy(world.task(*services), restart=True))


def cut_off(world: World, *services: str) -> None:
    async def go() -> None:
        def watch(event: Event) -> None:
            if isinstance(event, TableFinished):
                task.cancel()

        task = asyncio.create_task(pipeline.copy(world.task(*services, observer=watch)))
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(go())


@pytest.mark.parametrize("begin", [cut_off, pytest.param(World.copy, marks=pytest.mark.long)])
def test_it_starts_anew(reading_world: World, begin: Callable[..., object]) -> None:
    world = reading_world
    before = snapshot_of(world.target)["objects"]
    begin(world, *SERVICES)

    report = restart(world, *SERVICES)

    assert report.run.id == 2
    assert query(world.target, RUNS) == [(1, "undone"), (2, "done")]
    assert all(table.balanced for table in report.tables)
    assert snapshot_of(world.target)["objects"] == before
    assert world.verify(*SERVICES).identical


def test_where_nothing_was_copied_it_just_copies(reading_world: World) -> None:
    assert restart(reading_world, "notification").run.id == 1


MORE = """
INSERT INTO notification.notifications (user_id, recipient, title, message) VALUES (gen_random_uuid(), 'a', 'b', 'c')
"""
FEWER = """
DELETE FROM notification.notifications WHERE id = (SELECT min(id::text)::uuid FROM notification.notifications)
"""
CHANGED = """
UPDATE notification.notifications SET title = title
WHERE id = (SELECT min(id::text)::uuid FROM notification.notifications)
"""


@pytest.mark.parametrize(
    "touch",
    [
        pytest.param(MORE, id="a row more"),
        pytest.param(FEWER, id="a row less", marks=pytest.mark.long),
        pytest.param(CHANGED, id="a row changed"),
    ],
)
def test_what_others_have_touched_is_not_thrown_away(reading_world: World, touch: str) -> None:
    world = reading_world
    world.copy(*SERVICES)
    query(world.target, touch)
    before = snapshot_of(world.target)

    with pytest.raises(StateConflictError) as caught:
        restart(world, *SERVICES)

    assert [line.partition(":")[0] for line in caught.value.details] == ["notification.notifications"]
    assert snapshot_of(world.target) == before
    assert query(world.target, RUNS) == [(1, "done")]


WAITS = """
SELECT count(*) FROM pg_locks WHERE relation = 'notification.notifications'::regclass AND NOT granted
"""


def test_a_row_that_is_being_written_is_not_thrown_away(reading_world: World) -> None:
    """Others' row is there by the time that the tables are emptied, though it wasn't when the restart began."""
    world = reading_world
    world.copy(*SERVICES)

    with psycopg.connect(world.target.conninfo()) as writer:
        writer.execute(MORE)
        with once(lambda: bool(value(world.target, WAITS)), writer.commit):
            with pytest.raises(StateConflictError, match="so they are not emptied"):
                restart(world, *SERVICES)

    assert value(world.target, "SELECT count(*) FROM notification.notifications WHERE recipient = 'a'") == 1
    assert query(world.target, RUNS) == [(1, "done")]


def test_rows_that_were_put_back_are_the_runs_own(world: World) -> None:
    """What `quarantine retry` has written counts as written by the run."""
    wallet = world.urls["payrollx_wallet"]
    (bad,) = query(wallet, "SELECT id FROM wallets ORDER BY id LIMIT 1")[0]
    creator = value(wallet, 'SELECT "createdBy" FROM wallets WHERE id = %s', (bad,))
    query(wallet, "UPDATE wallets SET \"createdBy\" = 'somebody' WHERE id = %s", (bad,))
    services = ("auth", "organization", "employee", "wallet")
    chosen = [word for service in services for word in ("--service", service)]
    world.answer("copy", *chosen, "--policy", "unconvertible=quarantine")
    query(wallet, 'UPDATE wallets SET "createdBy" = %s WHERE id = %s', (creator, bad))
    assert world.command("quarantine", "retry").returncode == 0

    assert restart(world, *services).run.id == 2

    assert world.verify(*services).identical


def test_a_run_is_restarted_whole(reading_world: World) -> None:
    reading_world.copy(*SERVICES)

    with pytest.raises(StateConflictError, match="wrote 2 tables beyond these"):
        restart(reading_world, "notification")


def test_rows_that_others_point_at_stay(reading_world: World) -> None:
    world = reading_world
    world.copy("organization", "auth")
    world.copy("employee")
    before = snapshot_of(world.target)

    with pytest.raises(StateConflictError, match="point at what would be emptied") as caught:
        restart(world, "organization", "auth")

    assert caught.value.details == ("employee.employees",)
    assert snapshot_of(world.target) == before

    restart(world, "organization", "auth", "employee")
    assert query(world.target, RUNS) == [(1, "undone"), (2, "undone"), (3, "done")]


def test_the_command_asks(reading_world: World) -> None:
    world = reading_world
    words = ("copy", "--service", "notification")
    assert world.command(*words).returncode == 0
    before = snapshot_of(world.target)

    unasked = world.command(*words, "--restart")
    meant = world.command(*words, "--restart", "--yes")

    assert unasked.returncode == 2
    assert "--yes" in unasked.stderr
    assert meant.returncode == 0, meant.stderr
    assert snapshot_of(world.target) == before
    assert query(world.target, RUNS) == [(1, "undone"), (2, "done")]


KEYS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint'),
  (SELECT string_agg(DISTINCT tgenabled::text, '') FROM pg_trigger WHERE tgconstraint = k.oid)
FROM pg_constraint AS k
WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'app'::regnamespace ORDER BY 1, 2
"""


def test_keys_of_one_partition_and_of_tables_beside_are_as_before(make_tables: MakeTables) -> None:
    world = make_tables(
        "CREATE TABLE parents (id integer PRIMARY KEY); INSERT INTO parents SELECT generate_series(1, 9);"
        "CREATE TABLE days (id integer, parent integer, PRIMARY KEY (id, parent));"
        "INSERT INTO days VALUES (1, 2), (9, 8)",
        "CREATE TABLE app.parents (id integer PRIMARY KEY);"
        "CREATE TABLE app.days (id integer, parent integer, PRIMARY KEY (id, parent)) PARTITION BY RANGE (id);"
        "CREATE TABLE app.early PARTITION OF app.days FOR VALUES FROM (0) TO (5);"
        "CREATE TABLE app.late PARTITION OF app.days FOR VALUES FROM (5) TO (10);"
        "ALTER TABLE app.early ADD CONSTRAINT own FOREIGN KEY (parent) REFERENCES app.parents;"
        "CREATE TABLE app.beside (id integer CONSTRAINT here REFERENCES app.parents);"
        "COMMENT ON CONSTRAINT here ON app.beside IS 'said';"
        "CREATE TABLE app.idle (id integer CONSTRAINT off REFERENCES app.parents);"
        "ALTER TABLE app.idle DISABLE TRIGGER ALL",
        {"parents": {"id": "integer"}, "days": {"id": "integer", "parent": "integer"}},
        more=("beside", "idle"),
    )
    before = query(world.target, KEYS)
    world.copy()

    asyncio.run(pipeline.copy(world.task(), restart=True))

    assert query(world.target, KEYS) == before
    assert world.verify().identical
