"""A cutover asks every row for its way back first, and a person may go without one."""

import asyncio
from dataclasses import replace

import pytest
from moving_worlds import LIMITS, cut_over, follow, roll_back, stages
from worlds import World, query, value

from payrollx_db.consolidate import moving
from payrollx_db.errors import FindingsError, StateConflictError
from payrollx_db.model.events import Event, StepFinished
from payrollx_db.model.policy import Policies

ODD = "ABCDEF00-0000-4000-8000-000000000009"


@pytest.fixture
def odd_world(moving_world: World) -> World:
    """A world with ids in capitals, which the target keeps as every uuid is written."""
    for url in moving_world.urls.values():
        query(url, f"UPDATE members SET badge = '{ODD}' WHERE number = 5")
    follow(moving_world)
    return moving_world


def test_values_without_a_way_back_are_refused_or_accepted_by_name_or_gone_without(odd_world: World) -> None:
    world = odd_world
    with pytest.raises(FindingsError) as refused:
        cut_over(world)
    assert sum("irreversible" in line and "members.badge: 2 rows" in line for line in refused.value.details) == 3
    assert set(stages(world).values()) <= {"following"}
    query(world.urls["oldmail"], "INSERT INTO letters VALUES (50, 'written after the refusal')")
    task = replace(world.task(), policies=Policies.read(["irreversible:members.badge=accept"]))
    assert asyncio.run(moving.cutover(task, LIMITS)).left == ()
    query(world.target, "UPDATE people.members SET name = 'touched' WHERE region = 'north' AND number = 5")
    roll_back(world)
    badges = query(world.urls["oldpeople"], "SELECT region, badge FROM members WHERE number = 5 ORDER BY 1")
    assert badges == [("north", ODD.lower()), ('so"uth', ODD)]
    assert value(world.urls["oldmail"], "SELECT count(*) FROM letters WHERE id = 50") == 1

    assert cut_over(world, way_back=False).left == ()  # as a person may decide
    assert set(stages(world).values()) == {"open"}
    with pytest.raises(StateConflictError):
        roll_back(world)


def test_a_row_that_gets_stuck_right_before_the_fence_keeps_the_services_where_they_are(moving_world: World) -> None:
    world = moving_world
    query(world.urls["oldmail"], "ALTER TABLE letters ADD CHECK (length(body) < 30)")
    cut_over(world)

    def write_too_much(event: Event) -> None:
        if isinstance(event, StepFinished) and event.step == "prepare":
            query(world.target, "UPDATE mail.letters SET body = repeat('long', 9) WHERE id = 2")

    with pytest.raises(FindingsError, match="can't go back"):
        asyncio.run(moving.rollback(world.task(observer=write_too_much), LIMITS))
    assert set(stages(world).values()) == {"open"}
    with pytest.raises(FindingsError, match="can't go back"):
        roll_back(world)
    query(world.target, "UPDATE mail.letters SET body = 'short' WHERE id = 2")
    roll_back(world)  # what was corrected counts at once, though nobody followed meanwhile
    assert value(world.urls["oldmail"], "SELECT body FROM letters WHERE id = 2") == "short"
