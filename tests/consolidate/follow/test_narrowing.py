"""What is left to a fence: fewer touched keys, the references that are in doubt, and a proof done while rows settle."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from following import Following, following
from psycopg import sql
from worlds import World, query, value

from payrollx_db.consolidate import online, pipeline, proving
from payrollx_db.consolidate.follow.orphans import Look, TouchedRows, with_orphans
from payrollx_db.consolidate.follow.settle import ask
from payrollx_db.consolidate.follow.settler import Settler
from payrollx_db.errors import FindingsError, LockLostError
from payrollx_db.model.policy import Policies

ID = "00000000-0000-4000-8000-0000000000"
POLICIES = "orphan=quarantine"
TOUCHED = "SELECT count(*) FROM payrollx_meta.touched"
FOLLOWS = "SET payrollx.flow = 'on'; "


@pytest.fixture
def proven(guild: World) -> World:
    """The guild, copied, followed, and proven equal."""
    task = replace(guild.task(), following=True, policies=Policies.read([POLICIES]))
    asyncio.run(pipeline.copy(task))
    assert asyncio.run(online.verify(task)).identical
    return guild


def with_following(world: World, work: Any) -> None:
    async def all_of_it() -> None:
        async with following(world, POLICIES) as it:
            await work(it)

    asyncio.run(all_of_it())


def settler_of(it: Following) -> Settler:
    return Settler(it.context, it.plan, list(it.followers.values()), it.judges)


async def doubtful(it: Following, touched: TouchedRows) -> list[str]:
    async with it.held() as followed:
        settling, _ = await ask(it.context, it.plan, followed, None)
        looks: list[Look] = list(settling.looks())
        async with it.context.sessions.session(it.context.target) as connection:
            return [str(look.reference) for look in await with_orphans(connection, looks, touched)]


def test_a_proof_is_narrowed_to_what_came_since(proven: World, monkeypatch: pytest.MonkeyPatch) -> None:
    till = proven.urls["oldtill"]

    async def work(it: Following) -> None:
        followers = list(it.followers.values())
        query(till, "UPDATE payments SET amount = '3'")
        await it.passes()
        assert value(proven.target, TOUCHED) == 10
        await proving.narrow(it.context, it.plan, followers)
        assert value(proven.target, TOUCHED) == 10  # so few may as well be looked at behind the fence

        monkeypatch.setattr(proving, "FEW", 5)
        await proving.narrow(it.context, it.plan, followers)
        assert value(proven.target, TOUCHED) == 0

        query(till, "UPDATE payments SET amount = '4'")
        await it.passes()
        query(proven.target, FOLLOWS + "UPDATE till.payments SET amount = 1 WHERE id = 5")
        with pytest.raises(FindingsError) as failure:
            await proving.narrow(it.context, it.plan, followers)
        assert "changed 5" in failure.value.details[0]
        assert value(proven.target, TOUCHED) == 10

    with_following(proven, work)


def test_references_are_in_doubt_whose_child_or_parent_was_touched(proven: World) -> None:
    async def work(it: Following) -> None:
        orphan = "INSERT INTO till.payments (id, member, amount) VALUES (77, gen_random_uuid(), 1)"
        everything = TouchedRows({"till.payments": None, "hall.members": None, "hall.badges": None})
        assert await doubtful(it, everything) == []
        query(proven.target, FOLLOWS + orphan)
        assert len(await doubtful(it, everything)) == 1
        assert len(await doubtful(it, TouchedRows({"till.payments": [("77",)]}))) == 1
        assert await doubtful(it, TouchedRows({"till.payments": [("1",)]})) == []
        query(proven.target, FOLLOWS + "DELETE FROM till.payments WHERE id = 77")
        query(proven.target, FOLLOWS + f"DELETE FROM hall.members WHERE id = '{ID}12'")
        assert len(await doubtful(it, TouchedRows({"hall.members": [(f"{ID}12",)]}))) == 1
        assert await doubtful(it, TouchedRows({"hall.members": [(f"{ID}13",)]})) == []
        assert await doubtful(it, TouchedRows({})) == []

    with_following(proven, work)


def test_what_was_compared_while_rows_were_settled_counts_where_nothing_was_decided(proven: World) -> None:
    hall, till = proven.urls["oldhall"], proven.urls["oldtill"]

    async def work(it: Following) -> None:
        query(till, "UPDATE payments SET amount = '77' WHERE id = 5")
        await it.passes()
        done = await settler_of(it).settle_and_prove()
        assert (done.arrived, done.proven) == (False, True)

        query(hall, f"DELETE FROM members WHERE id = '{ID}14'")
        await it.passes()
        done = await settler_of(it).settle_and_prove()
        assert (done.arrived, done.proven) == (False, False)
        settler = settler_of(it)
        assert (await settler.settle_and_prove()).proven

        query(hall, f"INSERT INTO members VALUES ('{ID}14', 'LOW', 'again', 1)")
        await it.passes()
        done = await settler_of(it).settle_and_prove()
        assert (done.arrived, done.proven) == (True, True)

        query(proven.target, FOLLOWS + "UPDATE till.payments SET amount = 1 WHERE id = 5")
        with pytest.raises(FindingsError) as failure:
            await settler_of(it).settle_and_prove()
        assert "changed 5" in failure.value.details[0]

    with_following(proven, work)


def test_who_has_lost_the_runs_lock_writes_nothing_in_one_round_trip_either(proven: World) -> None:
    note = "UPDATE payrollx_meta.touched SET why = 'seen'; DELETE FROM payrollx_meta.proofs"
    proofs = "SELECT count(*) FROM payrollx_meta.proofs"

    async def work(it: Following) -> None:
        session = it.context.session
        with pytest.raises(LockLostError):
            await replace(session, lock_pid=-1).commit([sql.SQL(note)])
        assert value(proven.target, proofs) == 2
        await session.commit([sql.SQL(note)])
        assert value(proven.target, proofs) == 0

    with_following(proven, work)
