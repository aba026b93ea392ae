"""Rows that wait for another one, of their own database or of another: the passes bring them when it has come."""

import asyncio
from dataclasses import replace

import pytest
from following import Following, follow, following
from guild_worlds import chained, with_receipts
from worlds import World, query

from payrollx_db.consolidate import online, pipeline
from payrollx_db.consolidate.follow.settle import settle
from payrollx_db.consolidate.planner import Task
from payrollx_db.model.policy import Policies

ID = "00000000-0000-4000-8000-0000000000"
HELD = """
SELECT source, key, kind, waits_for ->> 'table' FROM payrollx_meta.quarantine WHERE restored_at IS NULL ORDER BY 1, 2
"""
PAYMENTS = "SELECT id, member::text FROM till.payments WHERE id IN (2, 3) ORDER BY id"
DELETE = f"DELETE FROM members WHERE id = '{ID}12'"
INSERT = f"INSERT INTO members VALUES ('{ID}12', 'LOW', 'again', 1)"


def task_of(world: World, policies: str) -> Task:
    return replace(world.task(), following=True, policies=Policies.read(policies.split()))


async def settled(it: Following) -> None:
    async with it.held() as followed:
        await settle(it.context, it.plan, followed)


def test_the_passes_bring_a_chain_of_rows_whose_parent_has_come_and_settling_takes_them_out_again(guild: World) -> None:
    """The parent is of another database; it comes, goes, and comes."""
    hall = guild.urls["oldhall"]
    world = chained(guild)

    async def take_out(it: Following) -> None:
        query(hall, DELETE)
        await settled(it)
        assert [(key, table) for _, key, _, table in query(guild.target, HELD)] == [
            ("2", "hall.members"),
            ("1", "till.payments"),
        ]

    async def since() -> None:
        async with following(world, "orphan=quarantine") as it:
            query(hall, INSERT)
            await it.passes()
            await it.passes()  # the payment is what the receipt waits for
            assert query(guild.target, PAYMENTS) == [(2, f"{ID}12"), (3, f"{ID}13")]
            assert query(guild.target, "SELECT id FROM till.receipts") == [(1,)]
            assert query(guild.target, HELD) == []
            await take_out(it)

    follow(world, take_out, "orphan=quarantine")
    asyncio.run(since())
    query(hall, INSERT)
    asyncio.run(online.follow(task_of(world, "orphan=quarantine"), once=True))
    assert query(guild.target, HELD) == []
    assert query(guild.target, "SELECT id FROM till.receipts") == [(1,)]


@pytest.mark.parametrize(
    ("policy", "kind", "before"),
    [("quarantine", "row", []), pytest.param("null", "value", [(2, None)], marks=pytest.mark.long)],
)
def test_an_orphan_that_the_copy_held_back_comes_in_with_its_parent(
    guild: World, policy: str, kind: str, before: list[tuple[int, str | None]]
) -> None:
    """A copy doesn't record for which row each of them waits: that is found out when following begins."""
    query(guild.urls["oldhall"], DELETE)
    task = task_of(guild, f"orphan={policy}")
    asyncio.run(pipeline.copy(task))
    assert query(guild.target, PAYMENTS) == [*before, (3, f"{ID}13")]
    assert query(guild.target, HELD) == [("oldtill.public.payments", "2", kind, None)]

    asyncio.run(online.follow(task, once=True))
    assert query(guild.target, HELD) == [("oldtill.public.payments", "2", kind, "hall.members")]

    query(guild.urls["oldhall"], INSERT)
    asyncio.run(online.follow(task, once=True))
    assert query(guild.target, PAYMENTS) == [(2, f"{ID}12"), (3, f"{ID}13")]
    assert query(guild.target, HELD) == []


@pytest.mark.long
def test_a_parent_that_came_while_nobody_looked_is_seen_when_following_begins(guild: World) -> None:
    """Between the commit that brings a parent and the one that brings its child, anything may die."""

    async def parent_alone(it: Following) -> None:
        query(guild.urls["oldhall"], DELETE)
        await settled(it)
        query(guild.urls["oldhall"], INSERT)
        await it.followers["oldhall"].one_pass(barrier=True)
        assert [held[1] for held in query(guild.target, HELD)] == ["2"]

    follow(guild, parent_alone, "orphan=quarantine")
    asyncio.run(online.follow(task_of(guild, "orphan=quarantine"), once=True))
    assert query(guild.target, PAYMENTS) == [(2, f"{ID}12"), (3, f"{ID}13")]
    assert query(guild.target, HELD) == []


@pytest.mark.long
def test_of_two_rows_that_clash_the_other_comes_in_when_the_kept_one_goes(guild: World) -> None:
    hall = guild.urls["oldhall"]
    names = "SELECT right(id::text, 2) FROM hall.members WHERE name = 'twin'"
    task = task_of(guild, "duplicate=quarantine")

    async def clash(it: Following) -> None:
        query(hall, f"UPDATE members SET name = 'twin' WHERE id = '{ID}14'")
        await it.passes()
        query(hall, f"UPDATE members SET name = 'twin' WHERE id = '{ID}15'")
        await it.passes()
        assert query(guild.target, names) == [("14",)]
        assert [held[1] for held in query(guild.target, HELD)] == [f"{ID}15"]

    follow(guild, clash, "duplicate=quarantine")
    query(hall, f"UPDATE members SET name = 'other' WHERE id = '{ID}14'")
    assert asyncio.run(online.verify(task)).identical
    assert query(guild.target, names) == [("15",)]
    assert query(guild.target, HELD) == []


@pytest.mark.long
def test_what_is_looked_up_follows_its_parent_wherever_that_goes(guild: World) -> None:
    """The rows themselves don't change: their parent does, changes its key, goes, and comes."""
    till = guild.urls["oldtill"]
    query(till, "CREATE TABLE receipts (id integer PRIMARY KEY, payment integer)")
    query(till, "INSERT INTO receipts VALUES (1, 2), (2, 2), (3, 3)")
    query(guild.target, "CREATE TABLE till.receipts (id integer PRIMARY KEY, payment integer, amount numeric(10,2))")
    world = World(guild.urls, guild.target, *with_receipts(amount=True))
    amounts = "SELECT array_agg(amount::text ORDER BY id) FROM till.receipts"

    async def work(it: Following) -> None:
        for statement, expected in (
            ("UPDATE payments SET amount = '8' WHERE id = 2", ["8.00", "8.00", "3.50"]),
            ("UPDATE payments SET id = 99 WHERE id = 2", [None, None, "3.50"]),
            ("UPDATE payments SET id = 2, amount = '9' WHERE id = 3", ["9.00", "9.00", None]),
            ("DELETE FROM payments WHERE id = 2", [None, None, None]),
            ("BEGIN; INSERT INTO payments VALUES (3, NULL, '7'); UPDATE payments SET amount = '6' WHERE id = 3; COMMIT",
             [None, None, "6.00"]),
            ("TRUNCATE payments", [None, None, None]),
        ):  # fmt: skip
            query(till, statement)
            await it.passes()
            assert query(guild.target, amounts) == [(expected,)], statement

    follow(world, work)


def test_a_row_that_was_held_for_what_it_looks_up_comes_in_with_it_and_is_proven(guild: World) -> None:
    """The target demands what is looked up; the row has no foreign key, and nothing of it is in the target."""
    till = guild.urls["oldtill"]
    query(till, "CREATE TABLE receipts (id integer PRIMARY KEY, payment integer); INSERT INTO receipts VALUES (1, 77)")
    query(guild.target, "CREATE TABLE till.receipts (id integer PRIMARY KEY, payment integer, amount numeric NOT NULL)")
    world = World(guild.urls, guild.target, *with_receipts(amount=True))
    amounts = "SELECT id, amount::text FROM till.receipts"

    async def since() -> None:
        async with following(world, "null=quarantine") as it:
            query(till, "INSERT INTO payments VALUES (77, NULL, '1.25')")
            await it.passes()
            assert query(guild.target, amounts) == [(1, "1.25")]
            assert query(guild.target, HELD) == []
            noted = query(guild.target, "SELECT source, key FROM payrollx_meta.touched ORDER BY 1")
            assert noted == [("public.payments", '["77"]'), ("public.receipts", '["1"]')]

    task = task_of(world, "null=quarantine")
    asyncio.run(pipeline.copy(task))
    assert query(guild.target, amounts) == []
    assert asyncio.run(online.verify(task)).identical
    asyncio.run(since())
    assert asyncio.run(online.verify(task)).identical
