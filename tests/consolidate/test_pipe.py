"""The pipe between two servers: a slow target holds the source back, and a snapshot that is gone is taken anew."""

import asyncio

import psycopg
import pytest
from doors import at_the_door, door_closed
from rule_worlds import MakeTables
from watchers import once
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import SourceError
from payrollx_db.model.events import Event, Notice, TableStarted
from payrollx_db.model.policy import Policies

# 64 MB, more than the pipe and the sockets' buffers on the way hold.
LARGE = """
INSERT INTO notifications (id, "userId", recipient, subject, content, "updatedAt")
SELECT gen_random_uuid()::text, gen_random_uuid()::text, 'a', 'b', repeat('x', 1000000), now()
FROM generate_series(1, 64)
"""
READER = """
SELECT state, coalesce(wait_event, '') FROM pg_stat_activity
WHERE datname = %s AND application_name LIKE 'payrollx-db test run 1 %%'
"""
EMPTYING = "SELECT count(*) FROM pg_locks WHERE relation = 'notification.notifications'::regclass AND NOT granted"
EXPORTER = """
SELECT pid FROM pg_stat_activity
WHERE datname = %s AND application_name LIKE 'payrollx-db test run 1 %%' AND state = 'idle in transaction'
"""


def test_a_slow_target_holds_the_source_back(world: World) -> None:
    """While the target takes nothing, the source's server comes to wait for us: nothing here takes all it has."""
    source = world.urls["payrollx_notification"]
    query(source, LARGE)
    seen: list[str] = []

    def looks() -> bool:
        """Whether, with a row at the door, the source waits for us, or has sent everything already."""
        if at_the_door(world):
            ((state, waits_for),) = query(source, READER, (source.dbname,))
            seen.append(waits_for if state == "active" else state)
        return bool(seen) and seen[-1] in ("ClientWrite", "idle in transaction")

    with door_closed(world, "notification.notifications") as opens, once(looks, opens):
        report = world.copy("notification")

    assert seen[-1] == "ClientWrite"
    assert all(table.balanced for table in report.tables)
    assert world.verify("notification").identical


def test_a_snapshot_that_is_gone_is_taken_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session that exported it ends before the slices read under it: the part is copied whole under a new one."""
    monkeypatch.setattr("payrollx_db.consolidate.plan.plan.SLICE_BYTES", 1)
    monkeypatch.setattr("payrollx_db.consolidate.retrying.FIRST_PAUSE", 0.02)
    world.small_tables = 0
    source = world.urls["payrollx_notification"]
    ended: list[int] = []

    def looks() -> bool:
        """End the session that has exported, once the emptying of the target waits, which comes before the slices."""
        if value(world.target, EMPTYING):
            ended.extend(pid for (pid,) in query(source, EXPORTER, (source.dbname,)))
            query(source, "SELECT pg_terminate_backend(unnest(%s::int[]), 10000)", (ended,))
        return bool(ended)

    with psycopg.connect(world.target.conninfo()) as holder, once(looks, holder.rollback):

        def hold(event: Event) -> None:
            world.events.append(event)
            if isinstance(event, TableStarted) and not ended:
                holder.execute("LOCK TABLE notification.notifications IN ACCESS SHARE MODE")

        task = world.task("notification", jobs=4, observer=hold)
        assert [table.slices for table in world.plan("notification", jobs=4).copies] == [4]
        report = asyncio.run(pipeline.copy(task))

    assert len(ended) == 1
    assert any("snapshot is gone" in event.text for event in world.events if isinstance(event, Notice))
    assert all(table.balanced for table in report.tables)
    assert world.verify("notification").identical


SPEAKING = """
CREATE FUNCTION spoken(id integer) RETURNS integer LANGUAGE plpgsql AS
  $$ BEGIN IF id % 100 = 7 THEN RAISE {} 'odd'; END IF; RETURN id; END $$;
CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 500);
"""


@pytest.mark.parametrize("level", ["NOTICE", "INFO"])
def test_no_row_is_lost_where_a_function_speaks_amid_the_rows(make_tables: MakeTables, level: str) -> None:
    world = make_tables(
        SPEAKING.format(level), "CREATE TABLE app.t (id integer PRIMARY KEY);", {"t": {"id": "integer"}},
        derive={"t": {"id": "public.spoken({id})"}},
    )  # fmt: skip
    world.small_tables = 0  # psycopg reads small ones, and loses none

    if level == "NOTICE":
        world.copy()
    else:  # which no setting keeps away
        with pytest.raises(SourceError, match="a message amid them"):
            world.copy()

    assert value(world.target, "SELECT count(*) FROM app.t") == (500 if level == "NOTICE" else 0)


HEARING = """
CREATE TABLE app.t (id integer PRIMARY KEY);
CREATE FUNCTION app.noise() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE NOTICE 'odd'; RAISE WARNING 'odd'; RETURN NEW; END $$;
CREATE TRIGGER noise BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.noise();
"""


@pytest.mark.parametrize("small_tables", [0, 1_000_000])
def test_a_target_that_answers_each_row_with_a_message_gets_all(make_tables: MakeTables, small_tables: int) -> None:
    """As psycopg2 1796 and asyncpg 1264: messages come amid a COPY."""
    rows = "CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 500);"
    world = make_tables(rows, HEARING, {"t": {"id": "integer"}})
    world.small_tables = small_tables

    world.copy_with(world.task(), Policies.read(["trigger=fire"]))

    assert world.verify().identical
