"""There is no state that the tool can't leave: one object that fails keeps nothing else from coming back."""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import TestServer, unique
from worlds import World, query, snapshot_of, value

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.copy.abandon import Abandoned
from payrollx_db.errors import StateConflictError, TargetError
from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.model.events import Event, RunStarted, TableFinished
from payrollx_db.model.layout import Discard, Layout, LegacyDatabase, SourceTable, TableMap
from payrollx_db.model.policy import Policies

MAPS = (
    TableMap(SourceTable("makers", {"id": "integer", "name": "text"}), "app.makers"),
    TableMap(SourceTable("things", {"id": "integer", "maker": "integer", "name": "text"}), "app.things"),
)
CATALOG = Catalog(
    "leaving",
    (Service("app", schema="app", role="leaving_app", tables=("makers", "things")),),
    (Reference("app.things", "maker", "app.makers", "id", enforced=True),),
    owner_role="leaving_owner",
)
FOLDER = Path(__file__).parent
HERE = {"PYTHONPATH": os.pathsep.join(map(str, (FOLDER, FOLDER.parent, FOLDER.parent / "support")))}
LAYOUT = Layout("leaving", (LegacyDatabase("old", variable="OLD", service="app", maps=MAPS),))

SOURCE = """
CREATE TABLE makers (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE things (id integer PRIMARY KEY, maker integer NOT NULL, name text NOT NULL);
INSERT INTO makers SELECT n, 'maker ' || n FROM generate_series(1, 20) AS n;
INSERT INTO things SELECT n, 1 + n % 20, 'thing ' || n FROM generate_series(1, 200) AS n;
"""
# An index over a function, a unique one, an exclusion, a check of a domain, keys within and from elsewhere.
TARGET = """
CREATE SCHEMA app; CREATE SCHEMA other;
CREATE FUNCTION app.folded(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.lower($1)';
CREATE TABLE app.makers (id integer CONSTRAINT makers_key PRIMARY KEY, name text NOT NULL);
CREATE UNIQUE INDEX makers_name ON app.makers (app.folded(name));
CREATE TABLE app.things (id integer CONSTRAINT things_key PRIMARY KEY,
  maker integer NOT NULL CONSTRAINT things_maker REFERENCES app.makers, name text NOT NULL,
  CONSTRAINT things_name UNIQUE (name) DEFERRABLE, CONSTRAINT things_apart EXCLUDE USING btree (name WITH =));
CREATE INDEX things_folded ON app.things (app.folded(name));
CREATE INDEX things_maker_index ON app.things (maker);
CREATE TABLE other.notes (maker integer CONSTRAINT notes_maker REFERENCES app.makers,
  thing integer CONSTRAINT notes_thing REFERENCES app.things);
"""


@pytest.fixture(scope="module")
def templates(server: TestServer) -> Iterator[tuple[str, str]]:
    """A filled source and an empty target, to be cloned."""
    names = unique("leaving_old"), unique("leaving_new")
    for name, script in zip(names, (SOURCE, TARGET), strict=True):
        query(server.create_database(name), script)
    yield names
    for name in names:
        server.drop_database(name)


@pytest.fixture
def shop(server: TestServer, templates: tuple[str, str]) -> Iterator[World]:
    """A world of two tables with every kind of index and key."""
    names = unique("leaving_a"), unique("leaving_b")
    old, new = (server.create_database(name, source) for name, source in zip(names, templates, strict=True))
    yield World({"old": old}, new, LAYOUT, CATALOG)
    for name in names:
        server.drop_database(name)


def task(world: World, **changes: Any) -> pipeline.Task:
    """A task for which no table is so small that it keeps its indexes."""
    known = {field.name for field in fields(pipeline.Task)}
    changes |= {"small_tables": 0} if "small_tables" in known else {}
    return replace(world.task(), **changes)


def copy(world: World, **changes: Any) -> pipeline.Report:
    return asyncio.run(pipeline.copy(task(world, **changes)))


def restart(world: World) -> pipeline.Report:
    return asyncio.run(pipeline.copy(task(world), restart=True))


def cut_off(world: World, moment: type[Event] = TableFinished) -> None:
    """Copy, and be cancelled at a moment: when the rows of a table are in, and everything is down."""

    async def until_then() -> None:
        def watch(event: Event) -> None:
            if isinstance(event, moment):
                work.cancel()

        work = asyncio.create_task(pipeline.copy(task(world, observer=watch)))
        await work

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(until_then())


def abandon(world: World) -> Abandoned:
    return asyncio.run(pipeline.abandon(world.task().target, world.catalog))


def objects(world: World) -> Any:
    return snapshot_of(world.target)["objects"]


def state(world: World) -> list[tuple[Any, ...]]:
    return query(world.target, "SELECT id, status FROM payrollx_meta.runs ORDER BY id")


# Refuses to make what `sabotage` names, and says so with its SQLSTATE: whatever a server may have against an object.
REFUSING = """
CREATE TABLE public.sabotage (name text, tag text, state text);
CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE refused record;
BEGIN
  FOR refused IN SELECT * FROM public.sabotage AS s WHERE s.tag = TG_TAG AND (
    EXISTS (SELECT FROM pg_catalog.pg_constraint AS k
            WHERE k.conname = s.name AND k.xmin = pg_catalog.pg_current_xact_id()::xid)
    OR EXISTS (SELECT FROM pg_catalog.pg_class AS c
               WHERE c.relname = s.name AND c.xmin = pg_catalog.pg_current_xact_id()::xid))
  LOOP
    RAISE EXCEPTION 'refused' USING ERRCODE = refused.state;
  END LOOP;
END $$;
CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION public.refuse();
"""
CALM = "DROP EVENT TRIGGER refuse; DROP TABLE public.sabotage"
INDEX, TABLE = "CREATE INDEX", "ALTER TABLE"
# Each object, with the step that fails, and what needs it.
FAULTS = {
    "an index": ("things_maker_index", INDEX, set()),
    "an index over a function": ("things_folded", INDEX, set()),
    "a unique index": ("makers_name", INDEX, set()),
    "the index of a primary key": ("makers_key", INDEX, {"things_maker", "notes_maker"}),
    "a primary key": ("makers_key", TABLE, set()),
    "the index of a unique constraint": ("things_name", INDEX, set()),
    "a unique constraint": ("things_name", TABLE, set()),
    "an exclusion constraint": ("things_apart", TABLE, set()),
    "a key within": ("things_maker", TABLE, set()),
    "a key from elsewhere": ("notes_maker", TABLE, set()),
}
STATES = {"no function": "42883", "no memory": "53200", "cancelled": "57014", "locked": "55P03", "no right": "42501"}


def one_fails(*short: str) -> Any:
    """Try each object with each kind of failure; all but the ``short`` pair take minutes."""
    cases = [
        pytest.param(*FAULTS[fault], sqlstate, id=f"{fault}, {kind}",
                     marks=() if (fault, kind) == short else (pytest.mark.long,))
        for fault in FAULTS for kind, sqlstate in STATES.items()
    ]  # fmt: skip
    return pytest.mark.parametrize(("name", "tag", "needing", "sqlstate"), cases)


def sabotage(world: World, name: str, tag: str, sqlstate: str) -> None:
    query(world.target, REFUSING)
    query(world.target, "INSERT INTO public.sabotage VALUES (%s, %s, %s)", (name, tag, sqlstate))


def named(items: Any) -> set[str]:
    return {item.name for item in items}


def missing(before: Any, after: Any) -> set[str]:
    """Names of the objects that aren't there any more; a key that isn't valid counts as missing."""
    assert {place for _, place, _ in after} <= {place for _, place, _ in before}
    return {place.rpartition(".")[2] for _, place, _ in set(before) - set(after)}


def is_down(world: World, name: str) -> bool:
    query_down = "SELECT count(*) FROM payrollx_meta.objects WHERE restored_at IS NULL AND name = %s"
    return bool(value(world.target, query_down, (name,)))


def down_though_ready(world: World) -> set[str]:
    """Names of what is down of tables whose rows are in; a key needs the rows of both of its tables."""
    ready = "(SELECT target FROM payrollx_meta.parts WHERE finished_at IS NOT NULL)"
    rows = query(
        world.target,
        f"SELECT name FROM payrollx_meta.objects WHERE restored_at IS NULL AND table_name IN {ready}"
        f" AND coalesce(detail ->> 'target', table_name) IN {ready}",
    )
    return {name for (name,) in rows}


def lists(world: World) -> set[str]:
    return {item["name"] for item in world.answer("status")["unrestored"]}


def run_statements(world: World, statements: Any) -> None:
    for statement in statements:
        query(world.target, statement)


@one_fails("a primary key", "no right")
def test_an_undone_run_leaves_one_object_out_and_no_other(
    shop: World, name: str, tag: str, needing: set[str], sqlstate: str
) -> None:
    before = objects(shop)
    cut_off(shop)
    if not is_down(shop, name):
        return  # it was never dropped
    sabotage(shop, name, tag, sqlstate)

    with pytest.raises(TargetError) as caught:
        restart(shop)

    assert caught.value.sqlstate == ""
    left = {name} | needing
    assert all(any(one in line for line in caught.value.details) for one in left)
    assert missing(before, objects(shop)) == left
    assert state(shop) == [(1, "undone")]
    assert lists(shop) == left
    query(shop.target, CALM)
    report = copy(shop)
    assert report.run.id == 2
    assert objects(shop) == before
    assert shop.verify().identical


@one_fails("an index over a function", "no function")
def test_a_run_that_is_given_up_leaves_one_object_out_and_no_row(
    shop: World, name: str, tag: str, needing: set[str], sqlstate: str
) -> None:
    before = objects(shop)
    cut_off(shop)
    if not is_down(shop, name):
        return
    rows = snapshot_of(shop.target)["rows"]
    sabotage(shop, name, tag, sqlstate)

    given_up = abandon(shop)

    # A key is broken as well where the rows of a child were in, and its parent's weren't.
    assert named(given_up.unrestored) - {"things_maker"} == ({name} | needing) - {"things_maker"}
    assert missing(before, objects(shop)) == named(given_up.unrestored)
    assert rows.items() <= snapshot_of(shop.target)["rows"].items()
    assert state(shop) == [(1, "abandoned")]
    query(shop.target, CALM)
    query(shop.target, given_up.emptying.replace(";", " CASCADE"))
    run_statements(shop, (item.statement for item in given_up.unrestored))  # in the order in which they are named
    assert objects(shop) == before
    assert lists(shop) == set()
    assert copy(shop).run.id == 2
    assert objects(shop) == before


@one_fails("a key from elsewhere", "locked")
def test_a_copy_that_is_resumed_builds_all_the_others(
    shop: World, name: str, tag: str, needing: set[str], sqlstate: str
) -> None:
    before = objects(shop)
    cut_off(shop)
    if not is_down(shop, name):
        return
    sabotage(shop, name, tag, sqlstate)

    with pytest.raises(TargetError) as caught:
        copy(shop)

    assert name in str(caught.value) or any(name in line for line in caught.value.details)
    assert state(shop) == [(1, "failed")]
    assert down_though_ready(shop) <= {name} | needing
    query(shop.target, CALM)
    assert copy(shop).run.id == 1
    assert objects(shop) == before
    assert shop.verify().identical


# --- the ways out ----------------------------------------------------------------------------------------------


def test_rows_of_others_stay_and_the_run_is_given_up(shop: World) -> None:
    before = objects(shop)
    cut_off(shop)
    query(shop.target, "INSERT INTO app.makers VALUES (1000, 'somebody''s own')")

    with pytest.raises(StateConflictError, match="so they are not emptied") as caught:
        restart(shop)
    done = shop.command("abandon", "--yes", "--catalog", "test_leaving:CATALOG", env=HERE)

    assert "abandon" in caught.value.hint
    assert done.returncode in (0, 3), done.stderr
    assert "TRUNCATE" in done.stderr
    assert value(shop.target, "SELECT name FROM app.makers WHERE id = 1000") == "somebody's own"
    with pytest.raises(StateConflictError, match="rows of no known run"):
        copy(shop)
    query(shop.target, "TRUNCATE app.makers, app.things CASCADE")
    assert copy(shop).run.id == 2
    assert objects(shop) == before


def test_rows_of_others_are_not_emptied_by_a_run_that_goes_on(shop: World) -> None:
    """What isn't in is redone whole; and what doesn't fit is undone, whoever else has written meanwhile."""
    cut_off(shop)
    query(shop.target, "TRUNCATE app.things CASCADE; UPDATE payrollx_meta.parts SET finished_at = NULL")
    query(shop.target, "INSERT INTO app.things VALUES (1000, 1, 'somebody''s own')")

    with pytest.raises(StateConflictError, match="others have written to") as caught:
        copy(shop)

    assert caught.value.details == ("app.things: 1 rows written by others",)
    assert value(shop.target, "SELECT name FROM app.things") == "somebody's own"
    query(shop.target, "DELETE FROM app.things")
    assert copy(shop).run.id == 1


def test_a_row_of_others_that_does_not_fit_is_not_undone(shop: World) -> None:
    """Its name is taken, which only shows when the unique index is built."""
    cut_off(shop)
    query(shop.target, "INSERT INTO app.makers VALUES (1000, 'MAKER 1')")

    with pytest.raises(StateConflictError, match="others have written to") as caught:
        copy(shop)

    assert caught.value.details == ("app.makers: 1 rows written by others",)
    assert value(shop.target, "SELECT name FROM app.makers WHERE id = 1000") == "MAKER 1"
    query(shop.target, "DELETE FROM app.makers WHERE id = 1000")
    assert copy(shop).run.id == 1
    assert shop.verify().identical


def test_it_is_asked_before_a_run_is_given_up(shop: World) -> None:
    cut_off(shop)

    unasked = shop.command("abandon", "--catalog", "test_leaving:CATALOG", env=HERE)

    assert unasked.returncode == 2
    assert "can't be resumed" in unasked.stderr
    assert state(shop) == [(1, "interrupted")]


@pytest.mark.long
def test_where_nothing_is_unfinished_nothing_is_given_up(shop: World) -> None:
    copy(shop)

    with pytest.raises(StateConflictError, match="no run is unfinished"):
        abandon(shop)


def test_a_run_whose_source_is_gone_is_given_up(shop: World, server: TestServer) -> None:
    cut_off(shop)
    server.drop_database(shop.urls["old"].dbname)

    assert abandon(shop).run == 1
    assert state(shop) == [(1, "abandoned")]


def test_a_run_of_another_layout_is_not_resumed(shop: World) -> None:
    cut_off(shop)
    makers = replace(LAYOUT.databases[0], maps=MAPS[:1], discards=(Discard("things", "sold"),))
    other = replace(shop, layout=Layout("leaving", (makers,)), catalog=CATALOG)

    with pytest.raises(StateConflictError, match="the layout has changed since run 1") as caught:
        copy(other)

    assert "abandon" in caught.value.hint
    abandon(other)
    query(shop.target, "TRUNCATE app.makers, app.things CASCADE")
    assert copy(other).run.id == 2


def test_a_run_that_wrote_nothing_ends_by_itself_where_something_else_is_wanted(shop: World) -> None:
    """Cut off before its first row, and then with other policies."""
    before = objects(shop)
    cut_off(shop, RunStarted)

    report = copy(shop, policies=Policies.read(("duplicate=fail",), None))

    assert report.run.id == 2
    assert state(shop) == [(1, "abandoned"), (2, "done")]
    assert objects(shop) == before


def dropped(world: World) -> None:
    query(world.target, "DROP TABLE app.things CASCADE")


def renamed(world: World) -> None:
    query(world.target, "ALTER TABLE app.things RENAME TO things_of_old")


def emptied(world: World) -> None:
    query(world.target, "TRUNCATE app.things CASCADE")


@pytest.mark.parametrize(
    "meddle", [dropped, pytest.param(renamed, marks=pytest.mark.long), pytest.param(emptied, marks=pytest.mark.long)]
)
def test_a_table_that_is_not_as_it_was_keeps_nobody_from_leaving(shop: World, meddle: Callable[[World], None]) -> None:
    cut_off(shop)
    meddle(shop)

    abandon(shop)

    assert state(shop) == [(1, "abandoned")]
    there = {place for _, place, _ in objects(shop)}
    assert {"app.makers.makers_key", "app.makers_name", "other.notes.notes_maker"} <= there


def test_a_table_that_somebody_has_emptied_is_restarted(shop: World) -> None:
    before = objects(shop)
    copy(shop)
    emptied(shop)

    assert restart(shop).run.id == 2
    assert objects(shop) == before
    assert shop.verify().identical


GUARDED = """
CREATE FUNCTION public.no_truncate() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION USING ERRCODE = '55000'; END $$;
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON app.makers FOR EACH STATEMENT EXECUTE FUNCTION public.no_truncate();
"""


@pytest.mark.parametrize("group", [1, pytest.param(100, marks=pytest.mark.long)])
def test_tables_that_may_not_be_truncated_are_emptied(shop: World, group: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several groups, as with many tables; and a trigger that lets nobody truncate."""
    monkeypatch.setattr("payrollx_db.consolidate.copy.emptying.GROUP", group)
    query(shop.target, "ALTER TABLE app.things DROP CONSTRAINT things_maker" if group == 1 else "SELECT 1")
    before = objects(shop)
    shop.copy()
    query(shop.target, GUARDED)

    report = asyncio.run(pipeline.copy(shop.task(), restart=True))

    assert objects(shop) == before
    assert state(shop) == [(1, "undone"), (2, "done")]
    assert all(table.balanced for table in report.tables)
    assert shop.verify().identical


def test_rows_of_others_in_one_group_keep_every_group_from_being_emptied(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payrollx_db.consolidate.copy.emptying.GROUP", 1)
    query(shop.target, "ALTER TABLE app.things DROP CONSTRAINT things_maker")
    shop.copy()
    query(shop.target, "INSERT INTO app.things VALUES (1000, 1, 'somebody''s own')")
    before = snapshot_of(shop.target)

    with pytest.raises(StateConflictError, match="so they are not emptied"):
        restart(shop)

    assert snapshot_of(shop.target) == before
    assert state(shop) == [(1, "done")]
