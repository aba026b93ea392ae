"""A run of one scope that is killed, whenever: the next goes on, and rows of other scopes stay as they are."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest
from scope_worlds import of_houses, others_of
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.plan import plan
from payrollx_db.consolidate.state import parts
from payrollx_db.errors import StateConflictError
from payrollx_db.model.events import Event, StageStarted, TableFinished, TableStarted

BUILDS = "SELECT count(*) FROM payrollx_meta.objects"

Moment = Callable[[Event], bool]


def stage(name: str) -> Moment:
    """The moment at which a stage begins."""
    return lambda event: isinstance(event, StageStarted) and event.stage == name


def table(kind: type[TableStarted | TableFinished], name: str) -> Moment:
    """The moment at which the rows of a target table begin to move, or have moved."""
    return lambda event: isinstance(event, kind) and event.target == name


MOMENTS = {
    "copy": stage("copy"),
    "first table": table(TableStarted, "app.people"),
    "a child": table(TableStarted, "app.likes"),
    "a table is in": table(TableFinished, "app.people"),
    "the last is in": table(TableFinished, "app.likes"),
    "load": stage("load"),
}


def die(*_: object) -> None:
    """End this process as kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed(world: World, moment: Moment, *, restart: bool = False, before_finishing: bool = False) -> None:
    """Copy in a process of its own, which is killed when ``moment`` comes, or before a part counts as finished."""

    def watch(event: Event) -> None:
        if moment(event):
            die()

    child = os.fork()
    if child == 0:
        if before_finishing:
            vars(parts)["finish_part"] = die
        try:
            asyncio.run(pipeline.copy(world.task(observer=watch), restart=restart))
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize("small_tables", [pytest.param(0, marks=pytest.mark.long), 1_000_000])
@pytest.mark.parametrize("moment", [pytest.param(m, marks=() if m == "a child" else pytest.mark.long) for m in MOMENTS])
def test_a_killed_run_goes_on_and_touches_nobody_else(houses: World, moment: str, small_tables: int) -> None:
    ash, birch = (replace(of_houses(houses, name), small_tables=small_tables) for name in ("ash", "birch"))
    birch.copy()
    others = others_of(houses, "ash")

    killed(ash, MOMENTS[moment])

    assert others_of(houses, "ash") == others
    assert birch.verify().identical
    report = ash.copy()
    assert report.run.id == 2  # resumed, not begun anew
    assert all(account.balanced for account in report.tables)
    assert others_of(houses, "ash") == others
    assert of_houses(houses, "ash", "birch").verify().identical
    assert value(houses.target, BUILDS) == 0  # nothing was ever dropped


@pytest.mark.long
def test_slices_that_are_in_are_redone_alone(houses: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "SLICE_BYTES", 0)
    for house in ("ash", "birch"):
        query(houses.urls[house], "DROP TABLE likes, posts, people")
        query(
            houses.urls[house],
            "INSERT INTO notes SELECT 'y' || n, NULL, repeat('x', 900) FROM generate_series(1, 50) n",
        )
        query(houses.urls[house], "ANALYZE notes")
    notes = tuple(
        replace(database, maps=tuple(m for m in database.maps if m.source.name == "notes"))
        for database in houses.layout.databases
    )
    houses = replace(houses, layout=replace(houses.layout, databases=notes), small_tables=0)
    ash, birch = of_houses(houses, "ash"), of_houses(houses, "birch")
    birch.copy()
    others = others_of(houses, "ash")

    killed(ash, lambda _: False, before_finishing=True)

    assert value(houses.target, "SELECT count(*) FROM app.notes WHERE house = 'ash'") == 56  # all slices are in
    report = ash.copy()
    assert [account.rows_written for account in report.tables] == [56]
    assert others_of(houses, "ash") == others
    assert of_houses(houses, "ash", "birch").verify().identical


@pytest.mark.long
def test_a_killed_restart_goes_on_too(houses: World) -> None:
    of_houses(houses, "ash", "birch").copy()
    others = others_of(houses, "ash")

    killed(of_houses(houses, "ash"), stage("copy"), restart=True)

    assert others_of(houses, "ash") == others
    assert value(houses.target, "SELECT count(*) FROM app.people WHERE house = 'ash'") == 0
    of_houses(houses, "ash").copy()
    assert others_of(houses, "ash") == others
    assert of_houses(houses, "ash", "birch").verify().identical


def test_an_unfinished_run_stops_no_other_scope(houses: World) -> None:
    killed(of_houses(houses, "ash"), table(TableFinished, "app.people"))
    birch = of_houses(houses, "birch")

    birch.copy()

    assert birch.verify().identical
    with pytest.raises(StateConflictError, match="house=ash"):
        of_houses(houses, "ash").verify()
    verdict = of_houses(houses, "ash", "birch").verify()
    assert not verdict.identical
    assert [f.place for f in verdict.uncovered if f.code == "unfinished"] == ["house=ash"]
    assert all(one.identical for one in verdict.tables)
    of_houses(houses, "ash").copy()
    assert of_houses(houses, "ash", "birch").verify().identical


def test_a_run_that_is_given_up_leaves_statements_for_its_scope_alone(houses: World) -> None:
    of_houses(houses, "birch").copy()
    others = others_of(houses, "ash")
    killed(of_houses(houses, "ash"), stage("load"))

    given_up = asyncio.run(pipeline.abandon(houses.task().target, houses.catalog))

    assert set(given_up.filled) == {f"app.{name} (house=ash)" for name in ("people", "posts", "likes", "notes")}
    statements = [text for text in given_up.emptying.split(";") if text.strip()]
    query(
        houses.target, ";".join(sorted(statements, key=lambda text: "likes" not in text and 1 + ("posts" not in text)))
    )
    assert others_of(houses, "ash") == others
    assert value(houses.target, "SELECT count(*) FROM app.people WHERE house = 'ash'") == 0


@pytest.mark.long
def test_scopes_of_a_run_that_was_given_up_are_copied_one_by_one(houses: World) -> None:
    both = of_houses(houses, "ash", "birch")
    killed(both, table(TableFinished, "app.posts"))
    asyncio.run(pipeline.abandon(houses.task().target, houses.catalog))

    for name in ("ash", "birch"):
        asyncio.run(pipeline.copy(of_houses(houses, name).task(), restart=True))

    assert both.verify().identical
    assert query(houses.target, "SELECT status FROM payrollx_meta.runs ORDER BY id") == [
        ("undone",),
        ("done",),
        ("done",),
    ]
