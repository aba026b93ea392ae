"""A slot of the way back that is lost has a way out: it is made anew, and what nobody heard of goes back."""

import asyncio
import json

import pytest
from moving_worlds import LIMITS, cut_over, follow, roll_back, stages
from worlds import World, query, value

from payrollx_db.consolidate import moving, online
from payrollx_db.consolidate.state import lock
from payrollx_db.consolidate.state.lock import FOLLOW
from payrollx_db.errors import StateConflictError
from payrollx_db.model.events import Event, Notice
from payrollx_db.postgres.replication.errors import SlotLostError

BACK_SLOTS = """
SELECT slot_name FROM pg_replication_slots
WHERE database = current_database() AND slot_name LIKE 'payrollx\\_back%'
"""
NAMES = "SELECT name FROM {} WHERE region = 'north' AND number IN (4, 5, 77) ORDER BY number"


def lose_slots(world: World) -> None:
    for (slot,) in query(world.target, BACK_SLOTS):
        query(world.target, "SELECT pg_drop_replication_slot(%s)", (slot,))


def write_unheard(world: World) -> None:
    """Write what only a comparison can find: a row that changed, one that is new, and one that is gone."""
    query(world.target, "UPDATE people.members SET name = 'unheard' WHERE region = 'north' AND number = 5")
    query(world.target, "DELETE FROM mail.letters WHERE id = (SELECT max(id) FROM mail.letters)")


@pytest.fixture
def lost(moving_world: World) -> World:
    """A world that is cut over, and whose slots of the way back are gone, with what was written meanwhile."""
    cut_over(moving_world)
    lose_slots(moving_world)
    write_unheard(moving_world)
    return moving_world


def test_a_lost_slot_of_the_way_back_is_made_anew_and_a_rollback_is_possible(lost: World) -> None:
    for attempt in (follow, roll_back):
        with pytest.raises(SlotLostError):
            attempt(lost)
    asyncio.run(online.follow(lost.task(), once=True, anew=True))
    query(lost.target, "UPDATE people.members SET name = 'heard' WHERE region = 'north' AND number = 4")
    roll_back(lost)
    assert set(stages(lost).values()) == {"back"}
    both = [query(url, NAMES.format(table)) for url, table in
            ((lost.target, "people.members"), (lost.urls["oldpeople"], "members"))]  # fmt: skip
    assert both[0] == both[1]
    assert ("unheard",) in both[1]


def test_a_rollback_does_the_comparison_that_was_cut_off(lost: World) -> None:
    def die(event: Event) -> None:
        if isinstance(event, Notice) and "to bring back what differs" in event.text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(online.follow(lost.task(observer=die), once=True, anew=True))
    roll_back(lost)
    name = "SELECT name FROM members WHERE region = 'north' AND number = 5"
    assert value(lost.urls["oldpeople"], name) == "unheard"


@pytest.mark.long
def test_a_slot_that_is_lost_in_a_rollback_keeps_nobody_there(lost: World) -> None:
    intent = json.dumps({"step": "fence"})
    query(lost.target, "UPDATE payrollx_meta.switches SET stage = 'rolling_back', intent = %s", (intent,))
    asyncio.run(online.follow(lost.task(), once=True, anew=True))
    roll_back(lost)
    name = "SELECT name FROM members WHERE region = 'north' AND number = 5"
    assert value(lost.urls["oldpeople"], name) == "unheard"


def test_who_is_kept_out_by_following_hears_how_to_end_it(moving_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "ANSWER", 0.2)  # it offers nothing, as one that is beginning

    async def cut_over_meanwhile() -> None:
        task = moving_world.task()
        async with online.followed(task, doing=FOLLOW):
            await moving.cutover(task, LIMITS)

    with pytest.raises(StateConflictError, match="payrollx-db follow is at work") as refused:
        asyncio.run(cut_over_meanwhile())
    assert "Ctrl-C" in (refused.value.hint or "")
