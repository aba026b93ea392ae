"""A step that fails, whichever it is, leaves a run that can be resumed, undone and given up, with nothing lost."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from worlds import World, query, snapshot_of, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import PayrollxError
from payrollx_db.model.events import Event, RunStarted, StageStarted
from payrollx_db.model.policy import Policies

# Rows for every kind of account: one without a valid badge, and rows of duplicate tables that come in or stay out.
POLICIES = Policies.read(("unconvertible=quarantine", "drift=owner", "stranded=adopt"))
ROWS = {
    "oldpeople": "INSERT INTO members VALUES ('north', 9, 'no badge', 'none', 0.5, '2024-01-01')",
    "oldshop": "INSERT INTO members VALUES ('west', 7, 'stranded', NULL, 0.5, '2024-01-01')",
    "oldmail": "INSERT INTO members VALUES ('east', 8, 'stranded', NULL, 0.5, '2024-01-01');"
    " UPDATE members SET name = 'another' WHERE number = 5",
}
# What refuses: each is asked at its own time, and refuses while `sabotage` names it.
TARGET = """
CREATE TABLE public.sabotage (what text, state text);
CREATE FUNCTION public.may(asked text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE refused text := (SELECT s.state FROM public.sabotage AS s WHERE s.what = asked);
BEGIN
  IF refused IS NOT NULL THEN RAISE EXCEPTION 'refused' USING ERRCODE = refused; END IF;
  RETURN true;
END $$;
CREATE FUNCTION public.rows_may(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS
  $$ SELECT pg_catalog.current_query() !~ '^COPY' OR public.may('rows') $$;
CREATE FUNCTION public.statistics_may(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
  $$ SELECT pg_catalog.current_query() !~ '^ANALYZE' OR public.may('statistics') $$;
ALTER TABLE shop.orders ADD CHECK (public.rows_may(id));
CREATE STATISTICS people.judged ON (public.statistics_may(title)), id FROM people.levels;
CREATE INDEX orders_level ON shop.orders (level);
"""
# A trigger on each table of the state, which refuses from its n-th call on.
REFUSING_WRITES = """
CREATE SEQUENCE public.writes;
CREATE FUNCTION public.refuse_write() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE refused record;
BEGIN
  SELECT * INTO refused FROM public.sabotage AS s WHERE s.what = 'writes';
  IF FOUND AND pg_catalog.nextval('public.writes') >= {number} THEN
    RAISE EXCEPTION 'refused' USING ERRCODE = refused.state;
  END IF;
  RETURN NULL;
END $$;
"""
REFUSE_WRITES_OF = """
CREATE TRIGGER refuse AFTER INSERT OR UPDATE OR DELETE ON payrollx_meta.{table} EXECUTE FUNCTION public.refuse_write()
"""
STATE_TABLES = ("runs", "tables", "parts", "slices", "objects", "steps", "quarantine", "findings")
EXITS = ("resumed", "restarted", "given up")
NO_ROOM, NO_RIGHT, CANCELLED, NO_DATA = "53100", "42501", "57014", "22012"


@pytest.fixture
def failing(club: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The club with rows of every kind of account, and a target that refuses what it is told to."""
    monkeypatch.setattr("payrollx_db.consolidate.retrying.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("payrollx_db.consolidate.retrying.JITTER", 0.01)
    for name, statement in ROWS.items():
        query(club.urls[name], statement)
    query(club.target, TARGET)
    return replace(club, small_tables=0)


def copy(world: World, *, restart: bool = False, observer: Callable[[Event], None] | None = None) -> pipeline.Report:
    task = replace(world.task(observer=observer), policies=POLICIES)
    return asyncio.run(pipeline.copy(task, restart=restart))


def cut_off(world: World) -> None:
    """Begin a run, and end before its first row: its state is there then, and can be made to refuse."""

    async def until_then() -> None:
        def watch(event: Event) -> None:
            if isinstance(event, RunStarted):
                work.cancel()

        work = asyncio.create_task(pipeline.copy(replace(world.task(observer=watch), policies=POLICIES)))
        await work

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(until_then())


@contextmanager
def refusing(world: World, what: str, state: str) -> Iterator[None]:
    query(world.target, "INSERT INTO public.sabotage VALUES (%s, %s)", (what, state))
    yield
    query(world.target, "TRUNCATE public.sabotage")


def leave(world: World, way: str) -> pipeline.Report:
    """Leave the run that has failed, and copy all."""
    if way == "given up":
        asyncio.run(pipeline.abandon(world.task().target, world.catalog))
        query(world.target, "TRUNCATE people.levels, people.members, shop.orders, mail.letters")
    return copy(world, restart=way == "restarted")


def assert_all_is_in(world: World, before: Any, report: pipeline.Report) -> None:
    assert report.run.status == "done"
    assert all(table.balanced for table in report.tables)
    assert snapshot_of(world.target)["objects"] == before
    assert value(world.target, "SELECT count(*) FROM people.members") == 12
    assert value(world.target, "SELECT count(*) FROM payrollx_meta.objects WHERE restored_at IS NULL") == 0
    # Two members that their owner lacks come in; one has no valid badge, and those that differ stay out.
    kinds = "SELECT kind, count(*) FROM payrollx_meta.quarantine WHERE run_id = %s GROUP BY 1 ORDER BY 1"
    assert query(world.target, kinds, (report.run.id,)) == [("adopted", 2), ("row", 3)]
    assert world.verify().identical


def some(cases: dict[tuple[Any, ...], bool]) -> list[Any]:
    """Return the cases as parameters; those that are ``False`` take minutes all together."""
    return [pytest.param(*case, marks=() if short else (pytest.mark.long,)) for case, short in cases.items()]


# --- while rows, statistics and merges are at it ------------------------------------------------------------

SHORT = {("rows", NO_ROOM, "given up"), ("statistics", NO_RIGHT, "restarted")}


@pytest.mark.parametrize("small_tables", [0, pytest.param(1_000_000, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("what", "state", "way"),
    some({
        (what, state, way): (what, state, way) in SHORT
        for what in ("rows", "statistics") for state in (NO_ROOM, NO_RIGHT, CANCELLED, NO_DATA) for way in EXITS
    }),
)  # fmt: skip
def test_rows_and_statistics_that_fail(failing: World, what: str, state: str, way: str, small_tables: int) -> None:
    world = replace(failing, small_tables=small_tables)
    before = snapshot_of(world.target)["objects"]

    with refusing(world, what, state), pytest.raises(PayrollxError) as caught:
        copy(world)

    assert caught.value.sqlstate == state
    status = value(world.target, "SELECT status FROM payrollx_meta.runs")
    if state == NO_DATA:  # an expression that fails for some row, of a CHECK or of a statistics object
        assert status == "undone"
        assert snapshot_of(world.target)["objects"] == before
        way = "resumed"  # nothing is left to be left
    else:
        assert status == "failed"
    assert_all_is_in(world, before, leave(world, way))


@pytest.mark.parametrize("way", some({(way,): way == "resumed" for way in EXITS}))
def test_a_merge_that_fails(failing: World, way: str) -> None:
    """The duplicate table is out of reach when its turn comes, and back when the run is left."""
    before = snapshot_of(failing.target)["objects"]
    source = failing.urls["oldmail"]

    def hide(event: Event) -> None:
        if isinstance(event, StageStarted) and event.stage == "merge":
            query(source, "SET lock_timeout = '5s'; ALTER TABLE members RENAME TO hidden")

    with pytest.raises(PayrollxError):
        copy(failing, observer=hide)

    assert value(failing.target, "SELECT (status, stage)::text FROM payrollx_meta.runs") == "(failed,merge)"
    query(source, "ALTER TABLE hidden RENAME TO members")
    assert_all_is_in(failing, before, leave(failing, way))


# --- while the state is written ------------------------------------------------------------------------------


def refuse_from(world: World, number: int, state: str) -> None:
    """Let the state refuse from its ``number``-th write on while the run goes on."""
    query(world.target, REFUSING_WRITES.format(number=number))
    for table in STATE_TABLES:
        query(world.target, REFUSE_WRITES_OF.format(table=table))
    with refusing(world, "writes", state), suppress(PayrollxError):
        copy(world)
    query(world.target, "DROP FUNCTION public.refuse_write CASCADE")
    query(world.target, "DROP SEQUENCE public.writes")


@pytest.mark.parametrize(
    "way", [pytest.param(way, marks=() if way == "resumed" else pytest.mark.long) for way in EXITS]
)
@pytest.mark.parametrize("number", [6, *(pytest.param(n, marks=pytest.mark.long) for n in range(1, 90, 5))])
def test_writing_the_state_that_fails(failing: World, number: int, way: str) -> None:
    """Whichever write it is: of a part, an account, an object, a step, or the end of the run."""
    before = snapshot_of(failing.target)["objects"]
    cut_off(failing)

    refuse_from(failing, number, NO_ROOM)

    if value(failing.target, "SELECT status FROM payrollx_meta.runs") == "done":
        way = "resumed"  # there were fewer writes
        report = copy(failing)
        assert report.nothing_to_do
        return
    assert_all_is_in(failing, before, leave(failing, way))
