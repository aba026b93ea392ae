"""Duplicate tables while they are followed: not written, compared when both sides are at known moments."""

import asyncio
from dataclasses import replace

import pytest
from following import following
from worlds import World, query

from payrollx_db.consolidate import online, pipeline
from payrollx_db.consolidate.follow.settler import Settler
from payrollx_db.model.policy import Policies

pytestmark = pytest.mark.usefixtures("logical_server")

HELD = "SELECT source, key, code, action FROM payrollx_meta.quarantine WHERE restored_at IS NULL ORDER BY 1, 2"
STALE = "UPDATE members SET name = 'stale' WHERE (region, number) = ('north', 2)"
KEY = '["north", "2"]'


def test_a_duplicate_that_drifts_goes_by_its_policy_and_is_merged_when_it_is_equal_again(club: World) -> None:
    shop = club.urls["oldshop"]
    policies = "drift=owner stranded=owner"
    task = replace(club.task(), following=True, policies=Policies.read(policies.split()))
    asyncio.run(pipeline.copy(task))
    query(shop, "UPDATE members SET name = 'stale from the first' WHERE (region, number) = ('north', 3)")
    before = asyncio.run(online.verify(task))
    assert before.identical
    assert ("oldshop.public.members", '["north", "3"]', "drift", "owner") in query(club.target, HELD)
    known = query(club.target, HELD)

    async def since() -> None:
        async with following(club, policies) as it:
            settler = Settler(it.context, it.plan, list(it.followers.values()), it.judges)
            query(shop, STALE)
            await it.passes()
            await settler.settle()
            assert ("oldshop.public.members", KEY, "drift", "owner") in query(club.target, HELD)
            query(club.urls["oldpeople"], STALE)
            await it.passes()
            await settler.settle()
            held = [entry[:2] for entry in query(club.target, HELD)]
            assert ("oldshop.public.members", KEY) not in held
            assert ("oldmail.public.members", KEY) in held
            await settler.prove()

    asyncio.run(since())
    query(club.urls["oldmail"], STALE)
    assert asyncio.run(online.verify(task)).identical
    assert query(club.target, HELD) == known
    merged = (
        "SELECT sum(rows_read) = sum(rows_merged + rows_quarantined) FROM payrollx_meta.tables WHERE kind = 'merge'"
    )
    assert query(club.target, merged) == [(True,)]
