"""Whatever services write, and however passes are cut off: the target equals the snapshot of each pass that ends."""

import asyncio
import random
from typing import Any

import pytest
from follow_shapes import SOURCE, TABLES, TARGET, write_at_random
from follows import FollowedWorld, differences_under, pass_by

from payrollx_db.consolidate.follow.follower import Follower


@pytest.mark.parametrize("transactions", [40, pytest.param(120, marks=pytest.mark.long)])
def test_random_writers_and_cut_off_passes(follow_world: Any, transactions: int) -> None:
    world = follow_world(SOURCE, TARGET, TABLES)

    compared, wrong = asyncio.run(_follow_while_written(world, seed=7, writers=3, transactions=transactions, cuts=4))

    assert wrong == []
    assert compared > 0
    assert world.differences() == []


async def _follow_while_written(
    world: FollowedWorld, *, seed: int, writers: int, transactions: int, cuts: int
) -> tuple[int, list[str]]:
    """Follow while writers write; return how often both sides were compared, and what differed."""
    chance, url = random.Random(seed), world.world.urls["old"].plain  # noqa: S311 - the same each time
    writing = asyncio.gather(*(write_at_random(url, seed * 10 + n, transactions) for n in range(writers)))
    compared, wrong = 0, list[str]()
    async with world.following() as (follower,):
        while not writing.done():
            if cuts and chance.random() < 0.1:
                cuts -= 1
                await _cut_off(follower, chance.random() * 0.05)
            async with follower.holding() as held:
                wrong += await differences_under(follower, held)
                compared += 1
        await writing
        await pass_by(follower)
    return compared, wrong


async def _cut_off(follower: Follower, seconds: float) -> None:
    """End a pass in its midst, as if its process were killed, and go on from what is stored."""
    cut = asyncio.create_task(follower.one_pass())
    await asyncio.sleep(seconds)
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    await follower.close()
    await follower.connect()
