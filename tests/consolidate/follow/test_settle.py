"""What speaks of two tables, while they are followed: settled when both are at a known moment, and proven."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest
from following import Following, follow, following
from guild_worlds import chained
from worlds import World, query, value

from payrollx_db.consolidate import online, pipeline
from payrollx_db.consolidate.follow.settle import Settled, settle
from payrollx_db.consolidate.follow.settler import Settler
from payrollx_db.errors import FindingsError
from payrollx_db.model.policy import Policies

ID = "00000000-0000-4000-8000-0000000000"
HELD = """
SELECT source, key, kind, cause, waits_for ->> 'table', row IS NOT NULL FROM payrollx_meta.quarantine
WHERE restored_at IS NULL ORDER BY source, key
"""
BETWEEN = 0.02  # seconds between two writes: services that do nothing else would take the time of who verifies
PAYMENTS = "SELECT id, member::text FROM till.payments WHERE id IN (2, 3) ORDER BY id"


async def settled(it: Following) -> Settled:
    async with it.held() as followed:
        return await settle(it.context, it.plan, followed)


def settler(it: Following) -> Settler:
    return Settler(it.context, it.plan, list(it.followers.values()), it.judges)


def test_a_row_whose_parent_goes_waits_for_it_and_comes_back(guild: World) -> None:
    hall = guild.urls["oldhall"]

    async def work(it: Following) -> None:
        query(hall, f"DELETE FROM members WHERE id = '{ID}12'")
        answer = await settled(it)
        assert [(f.code, f.count, f.examples) for f in answer.findings] == [("orphan", 1, ("2",))]
        assert query(guild.target, PAYMENTS) == [(3, f"{ID}13")]
        assert query(guild.target, HELD) == [("oldtill.public.payments", "2", "row", "", "hall.members", True)]

        query(hall, f"INSERT INTO members VALUES ('{ID}12', 'LOW', 'again', 1)")
        await it.passes()
        await settler(it).settle()
        assert query(guild.target, PAYMENTS) == [(2, f"{ID}12"), (3, f"{ID}13")]
        assert query(guild.target, HELD) == []

    follow(guild, work, "orphan=quarantine")


@pytest.mark.long
def test_rows_that_wait_for_rows_that_wait_come_back_with_them(guild: World) -> None:
    """Of a chain of three tables, the first one's row is what all the others wait for."""
    hall = guild.urls["oldhall"]
    world = chained(guild)

    async def work(it: Following) -> None:
        query(hall, f"DELETE FROM members WHERE id = '{ID}12'")
        await settled(it)
        assert query(guild.target, "SELECT id FROM till.receipts") == []

        query(hall, f"INSERT INTO members VALUES ('{ID}12', 'LOW', 'again', 1)")
        await it.passes()
        await settler(it).settle()
        assert query(guild.target, HELD) == []
        assert query(guild.target, "SELECT id FROM till.receipts") == [(1,)]

    follow(world, work, "orphan=quarantine")

    query(hall, f"DELETE FROM members WHERE id = '{ID}12'")
    task = replace(world.task(), policies=Policies.read(["orphan=quarantine"]))
    asyncio.run(online.verify(task))
    assert query(guild.target, "SELECT id FROM till.receipts") == []
    query(hall, f"INSERT INTO members VALUES ('{ID}12', 'LOW', 'again', 1)")
    assert asyncio.run(online.verify(task)).identical
    assert query(guild.target, HELD) == []


@pytest.mark.long
def test_with_policy_null_the_row_stays_without_its_parent(guild: World) -> None:
    hall = guild.urls["oldhall"]

    async def work(it: Following) -> None:
        query(hall, f"DELETE FROM members WHERE id = '{ID}12'")
        await settled(it)
        assert query(guild.target, PAYMENTS) == [(2, None), (3, f"{ID}13")]
        assert query(guild.target, HELD) == [("oldtill.public.payments", "2", "value", "", "hall.members", True)]

        query(hall, f"INSERT INTO members VALUES ('{ID}12', 'LOW', 'again', 1)")
        await it.passes()
        await settler(it).settle()
        assert query(guild.target, PAYMENTS) == [(2, f"{ID}12"), (3, f"{ID}13")]

    follow(guild, work, "orphan=null")


def test_without_a_policy_nothing_is_taken_out_and_nothing_moves(guild: World) -> None:
    hall = guild.urls["oldhall"]

    async def work(it: Following) -> None:
        query(hall, f"DELETE FROM members WHERE id = '{ID}12'")
        await it.passes()
        with pytest.raises(FindingsError) as failure:
            await settler(it).settle()
        assert "payments" in failure.value.details[0]
        assert query(guild.target, PAYMENTS) == [(2, f"{ID}12"), (3, f"{ID}13")]

    follow(guild, work)


def test_children_of_a_quarantined_row_go_with_it(guild: World) -> None:
    hall = guild.urls["oldhall"]

    async def work(it: Following) -> None:
        query(hall, f"UPDATE members SET rank = 'ODD' WHERE id = '{ID}12'")
        answer = await settled(it)
        assert [(f.code, f.blocks) for f in answer.findings] == [("descendant", False)]
        cause = f"oldhall.public.members {ID}12"
        assert ("oldtill.public.payments", "2", "row", cause, "hall.members", True) in query(guild.target, HELD)

    follow(guild, work, "enum-unknown=quarantine")


def test_only_what_was_touched_since_the_proof_is_settled_and_proven(guild: World) -> None:
    hall, till = guild.urls["oldhall"], guild.urls["oldtill"]
    task = replace(guild.task(), following=True, policies=Policies.read(["orphan=quarantine"]))
    asyncio.run(pipeline.copy(task))
    verdict = asyncio.run(online.verify(task, values=True))
    assert verdict.identical
    assert value(guild.target, "SELECT count(*) FROM payrollx_meta.proofs") == 2

    async def since() -> None:
        query(hall, f"DELETE FROM members WHERE id = '{ID}14'")
        query(till, "UPDATE payments SET amount = '77' WHERE id = 5")
        async with following(guild, "orphan=quarantine") as it:
            await it.passes()
            noted = query(guild.target, "SELECT source, key FROM payrollx_meta.touched ORDER BY 1, 2")
            assert noted == [("public.members", f'["{ID}14"]'), ("public.payments", '["5"]')]
            await settler(it).settle()
            assert [entry[1] for entry in query(guild.target, HELD)] == ["4"]
            await settler(it).prove()
            query(guild.target, "SET payrollx.flow = 'on'; UPDATE till.payments SET amount = 1 WHERE id = 5")
            with pytest.raises(FindingsError) as failure:
                await settler(it).prove()
            assert "changed 5" in failure.value.details[0]

    asyncio.run(since())


def test_a_table_that_was_emptied_since_the_proof_is_looked_at_as_a_whole(guild: World) -> None:
    """What pointed at its rows points at nothing, and no key of them is in the log."""
    task = replace(guild.task(), following=True, policies=Policies.read(["orphan=quarantine"]))
    asyncio.run(pipeline.copy(task))
    assert asyncio.run(online.verify(task)).identical

    async def since() -> None:
        async with following(guild, "orphan=quarantine") as it:
            query(guild.urls["oldhall"], f"TRUNCATE members; INSERT INTO members VALUES ('{ID}13', 'LOW', 'new', 1)")
            await it.passes()
            await settler(it).settle()
            assert query(guild.target, "SELECT id FROM till.payments") == [(3,)]
            await settler(it).prove()
            query(guild.target, "SET payrollx.flow = 'on'; UPDATE hall.badges SET rank = 'HIGH'")
            with pytest.raises(FindingsError) as failure:
                await settler(it).prove()
            assert f"changed {ID}13" in failure.value.details[0]

    asyncio.run(since())


@contextmanager
def writing(world: World) -> Iterator[None]:
    """Write to both databases for as long as the block runs."""
    ended = threading.Event()
    statements = {
        "oldtill": "UPDATE payments SET amount = (random() * 100)::int::text WHERE id = (random() * 9)::int;"
        "INSERT INTO payments SELECT max(id) + 1, min(member), '1' FROM payments;"
        "DELETE FROM payments WHERE id = (SELECT max(id) - 3 FROM payments WHERE id > 20)",
        "oldhall": "UPDATE members SET name = 'm' || random(), height = 1 WHERE id ="
        f" '{ID}' || (14 + (random() * 5)::int)",
    }

    def write(name: str) -> None:
        with psycopg.connect(world.urls[name].conninfo(), autocommit=True) as connection:
            while not ended.is_set():
                connection.execute(statements[name].encode())
                ended.wait(BETWEEN)

    writers = [threading.Thread(target=write, args=(name,)) for name in statements]
    for writer in writers:
        writer.start()
    try:
        yield
    finally:
        ended.set()
        for writer in writers:
            writer.join()


def test_a_verification_is_exact_and_finds_a_difference_while_services_write(guild: World) -> None:
    task = replace(guild.task(), following=True)
    with writing(guild):
        asyncio.run(pipeline.copy(task))
        verdicts = [asyncio.run(online.verify(task, values=True)) for _ in range(2)]
        query(guild.target, f"SET payrollx.flow = 'on'; UPDATE hall.badges SET rank = 'HIGH' WHERE member = '{ID}12'")
        query(guild.urls["oldhall"], f"DELETE FROM members WHERE id = '{ID}12'")
        query(guild.target, f"SET payrollx.flow = 'on'; UPDATE hall.members SET note = 'x' WHERE id = '{ID}13'")
        query(guild.target, f"SET payrollx.flow = 'on'; DELETE FROM hall.members WHERE id = '{ID}13'")
        verdict = asyncio.run(online.verify(task, values=True))

    differences = [table["differences"] for verdict in verdicts for table in verdict.document()["tables"]]
    assert not any(differences), differences
    assert [verdict.identical for verdict in verdicts] == [True] * 2
    for table in (table for verdict in verdicts for table in verdict.document()["tables"]):
        assert table["source_rows"] == table["target_rows"] + table["quarantined"]

    assert not verdict.identical
    assert f"{ID}13" in str(verdict.document())
    assert value(guild.target, "SELECT count(*) FROM payrollx_meta.proofs WHERE database = 'oldhall'") == 0


def test_a_service_that_empties_tables_does_not_keep_a_verification_from_its_end(guild: World) -> None:
    """Who wants a table alone waits for the snapshot that is held, and who reads under it waits behind."""
    task = replace(guild.task(), following=True)
    asyncio.run(pipeline.copy(task))
    asyncio.run(online.verify(task))
    over = threading.Event()

    def want_alone() -> None:
        with psycopg.connect(guild.urls["oldhall"].conninfo(), autocommit=True) as connection:
            while not over.is_set():
                connection.execute("BEGIN; LOCK TABLE members IN ACCESS EXCLUSIVE MODE; COMMIT")
                over.wait(0.4)

    other = threading.Thread(target=want_alone)
    other.start()
    try:
        verdicts = [asyncio.run(online.verify(task)) for _ in range(2)]
    finally:
        over.set()
        other.join()
    assert [verdict.identical for verdict in verdicts] == [True, True]


def test_with_one_service_alone_references_across_the_line_are_told_and_not_enforced(guild: World) -> None:
    async def work(it: Following) -> None:
        query(guild.urls["oldtill"], f"UPDATE payments SET member = '{ID}99' WHERE id = 3")
        async with it.held() as followed:
            alone = {"oldtill": followed["oldtill"]}
            answer = await settle(it.context, it.plan, alone)
        assert [(f.code, f.severity, f.count, f.examples) for f in answer.findings] == [
            ("orphan-across", "warn", 1, ("3",))
        ]
        assert query(guild.target, PAYMENTS) == [(2, f"{ID}12"), (3, f"{ID}99")]

    follow(guild, work, "orphan=quarantine")
