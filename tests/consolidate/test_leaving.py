"""There is no state that the tool can't leave."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from conftest import TestServer
from leaving_worlds import CATALOG, LAYOUT, MAPS, NAMES, abandon, copy, cut_off, objects, restart, state
from worlds import World, query, snapshot_of, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import StateConflictError
from payrollx_db.model.events import RunStarted
from payrollx_db.model.layout import Discard, Layout
from payrollx_db.model.policy import Policies


def test_rows_of_others_stay_and_the_run_is_given_up(leaving_shop: World) -> None:
    before = objects(leaving_shop)
    cut_off(leaving_shop)
    query(leaving_shop.target, "INSERT INTO app.makers VALUES (1000, 'somebody''s own')")

    with pytest.raises(StateConflictError, match="so they are not emptied") as caught:
        restart(leaving_shop)
    done = leaving_shop.command("abandon", "--yes", env=NAMES)

    assert "abandon" in caught.value.hint
    assert done.returncode in (0, 3), done.stderr
    assert value(leaving_shop.target, "SELECT name FROM app.makers WHERE id = 1000") == "somebody's own"
    with pytest.raises(StateConflictError, match="rows of no known run"):
        copy(leaving_shop)
    # What is to be pasted empties these tables, which others point at, and nothing beside them.
    heirs = "CREATE TABLE other.heirs () INHERITS (app.things); INSERT INTO other.heirs VALUES (1, 1, 'an heir')"
    query(leaving_shop.target, heirs)
    query(leaving_shop.target, done.stderr.partition("look at these rows, then: ")[2])
    assert value(leaving_shop.target, "SELECT count(*) FROM app.things") == 1
    query(leaving_shop.target, "DROP TABLE other.heirs")
    assert copy(leaving_shop).run.id == 2
    assert objects(leaving_shop) == before


def test_rows_of_others_are_not_emptied_by_a_run_that_goes_on(leaving_shop: World) -> None:
    """What isn't in is redone whole; and what doesn't fit is undone, whoever else has written meanwhile."""
    cut_off(leaving_shop)
    query(leaving_shop.target, "TRUNCATE app.things CASCADE; UPDATE payrollx_meta.parts SET finished_at = NULL")
    query(leaving_shop.target, "INSERT INTO app.things VALUES (1000, 1, 'somebody''s own')")

    with pytest.raises(StateConflictError, match="others have written to") as caught:
        copy(leaving_shop)

    assert caught.value.details == ("app.things: 1 row written by others",)
    assert value(leaving_shop.target, "SELECT name FROM app.things") == "somebody's own"
    query(leaving_shop.target, "DELETE FROM app.things")
    assert copy(leaving_shop).run.id == 1


def test_a_row_of_others_that_does_not_fit_is_not_undone(leaving_shop: World) -> None:
    """Its name is taken, which only shows when the unique index is built."""
    cut_off(leaving_shop)
    query(leaving_shop.target, "INSERT INTO app.makers VALUES (1000, 'MAKER 1')")

    with pytest.raises(StateConflictError, match="others have written to") as caught:
        copy(leaving_shop)

    assert caught.value.details == ("app.makers: 1 row written by others",)
    assert value(leaving_shop.target, "SELECT name FROM app.makers WHERE id = 1000") == "MAKER 1"
    query(leaving_shop.target, "DELETE FROM app.makers WHERE id = 1000")
    assert copy(leaving_shop).run.id == 1
    assert leaving_shop.verify().identical


def test_it_is_asked_before_a_run_is_given_up(leaving_shop: World) -> None:
    cut_off(leaving_shop)

    unasked = leaving_shop.command("abandon", env=NAMES)

    assert unasked.returncode == 2
    assert "can't be resumed" in unasked.stderr
    assert state(leaving_shop) == [(1, "interrupted")]


@pytest.mark.long
def test_where_nothing_is_unfinished_nothing_is_given_up(leaving_shop: World) -> None:
    copy(leaving_shop)

    with pytest.raises(StateConflictError, match="no run is unfinished"):
        abandon(leaving_shop)


def test_a_run_whose_source_is_gone_is_given_up(leaving_shop: World, server: TestServer) -> None:
    cut_off(leaving_shop)
    server.drop_database(leaving_shop.urls["old"].dbname)

    assert abandon(leaving_shop).run == 1
    assert state(leaving_shop) == [(1, "abandoned")]


def test_a_run_of_another_layout_is_not_resumed(leaving_shop: World) -> None:
    cut_off(leaving_shop)
    makers = replace(LAYOUT.databases[0], maps=MAPS[:1], discards=(Discard("things", "sold"),))
    other = replace(leaving_shop, layout=Layout("leaving", (makers,)), catalog=CATALOG)

    with pytest.raises(StateConflictError, match="the layout has changed since run 1") as caught:
        copy(other)

    assert "abandon" in caught.value.hint
    abandon(other)
    query(leaving_shop.target, "TRUNCATE app.makers, app.things CASCADE")
    assert copy(other).run.id == 2


def test_a_run_that_wrote_nothing_ends_by_itself_where_something_else_is_wanted(leaving_shop: World) -> None:
    """Cut off before its first row, and then with other policies."""
    before = objects(leaving_shop)
    cut_off(leaving_shop, RunStarted)

    report = copy(leaving_shop, policies=Policies.read(("duplicate=fail",), None))

    assert report.run.id == 2
    assert state(leaving_shop) == [(1, "abandoned"), (2, "done")]
    assert objects(leaving_shop) == before


def dropped(world: World) -> None:
    query(world.target, "DROP TABLE app.things CASCADE")


def renamed(world: World) -> None:
    query(world.target, "ALTER TABLE app.things RENAME TO things_of_old")


def emptied(world: World) -> None:
    query(world.target, "TRUNCATE app.things CASCADE")


@pytest.mark.parametrize(
    "meddle", [dropped, pytest.param(renamed, marks=pytest.mark.long), pytest.param(emptied, marks=pytest.mark.long)]
)
def test_a_table_that_is_not_as_it_was_keeps_nobody_from_leaving(
    leaving_shop: World, meddle: Callable[[World], None]
) -> None:
    cut_off(leaving_shop)
    meddle(leaving_shop)

    abandon(leaving_shop)

    assert state(leaving_shop) == [(1, "abandoned")]
    there = {place for _, place, _ in objects(leaving_shop)}
    assert {"app.makers.makers_key", "app.makers_name", "other.notes.notes_maker"} <= there


def test_a_table_that_somebody_has_emptied_is_restarted(leaving_shop: World) -> None:
    before = objects(leaving_shop)
    copy(leaving_shop)
    emptied(leaving_shop)

    assert restart(leaving_shop).run.id == 2
    assert objects(leaving_shop) == before
    assert leaving_shop.verify().identical


GUARDED = """
CREATE FUNCTION public.no_truncate() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION USING ERRCODE = '55000'; END $$;
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON app.makers FOR EACH STATEMENT EXECUTE FUNCTION public.no_truncate();
"""


@pytest.mark.parametrize("group", [1, pytest.param(2_000, marks=pytest.mark.long)])
def test_tables_that_may_not_be_truncated_are_emptied(
    leaving_shop: World, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several groups, as with many tables; and a trigger that lets nobody truncate."""
    monkeypatch.setattr("payrollx_db.consolidate.copy.emptying.MOST_LOCKS", group)
    query(leaving_shop.target, "ALTER TABLE app.things DROP CONSTRAINT things_maker" if group == 1 else "SELECT 1")
    before = objects(leaving_shop)
    leaving_shop.copy()
    query(leaving_shop.target, GUARDED)

    report = asyncio.run(pipeline.copy(leaving_shop.task(), restart=True))

    assert objects(leaving_shop) == before
    assert state(leaving_shop) == [(1, "undone"), (2, "done")]
    assert all(table.balanced for table in report.tables)
    assert leaving_shop.verify().identical


def test_rows_of_others_in_one_group_keep_every_group_from_being_emptied(
    leaving_shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payrollx_db.consolidate.copy.emptying.MOST_LOCKS", 1)
    query(leaving_shop.target, "ALTER TABLE app.things DROP CONSTRAINT things_maker")
    leaving_shop.copy()
    query(leaving_shop.target, "INSERT INTO app.things VALUES (1000, 1, 'somebody''s own')")
    before = snapshot_of(leaving_shop.target)

    with pytest.raises(StateConflictError, match="so they are not emptied"):
        restart(leaving_shop)

    assert snapshot_of(leaving_shop.target) == before
    assert state(leaving_shop) == [(1, "done")]
