"""Rows that can't go in as they are, while they are followed: judged anew in every pass."""

import asyncio
from dataclasses import replace

import pytest
from following import Following, follow, following
from worlds import World, query, value

from payrollx_db.consolidate import online, pipeline
from payrollx_db.errors import FindingsError
from payrollx_db.model.policy import Policies

QUARANTINE = """
SELECT source, key, kind, code, action, cause, row IS NOT NULL FROM payrollx_meta.quarantine
WHERE restored_at IS NULL ORDER BY source, key, column_name
"""
REFILLED = """
BEGIN; TRUNCATE members;
INSERT INTO members SELECT format('00000000-0000-4000-8000-0000000000%s', 20 + n),
  (ARRAY['LOW', 'ODD'])[1 + n % 2]::"Rank", 'm' || n, 1.234 - n % 2 FROM generate_series(0, 3) AS n;
COMMIT
"""
LOSE_SLOTS = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()"
ID = "00000000-0000-4000-8000-0000000000"


def test_a_value_that_cannot_be_converted_is_set_aside_and_comes_back(guild: World) -> None:
    till = guild.urls["oldtill"]
    payment = "SELECT count(*) FROM till.payments WHERE id = 3"

    async def work(it: Following) -> None:
        query(
            till, "UPDATE payments SET amount = 'a lot' WHERE id = 3; UPDATE payments SET amount = '9.99' WHERE id = 4"
        )
        await it.passes()
        assert value(guild.target, payment) == 0
        assert value(guild.target, "SELECT amount::text FROM till.payments WHERE id = 4") == "9.99"
        assert query(guild.target, QUARANTINE) == [
            ("oldtill.public.payments", "3", "row", "unconvertible", "quarantine", "", True)
        ]

        query(till, "UPDATE payments SET amount = '7' WHERE id = 3")
        await it.passes()
        assert value(guild.target, payment) == 1
        assert query(guild.target, QUARANTINE) == []

    follow(guild, work, "unconvertible=quarantine")


def test_a_value_that_turned_bad_while_the_slot_was_lost_is_decided_about(guild: World) -> None:
    """Both sides can't be compared then: no such value has a form that the target would store."""
    till = guild.urls["oldtill"]
    task = replace(guild.task(), policies=Policies.read(["unconvertible=quarantine"]))
    asyncio.run(pipeline.copy(replace(task, following=True)))
    asyncio.run(online.follow(task, once=True))
    query(till, LOSE_SLOTS)
    query(till, "UPDATE payments SET amount = 'a lot' WHERE id IN (3, 6); DELETE FROM payments WHERE id = 5;"
          " UPDATE payments SET amount = '9' WHERE id = 4")  # fmt: skip
    with pytest.raises(FindingsError, match="can't"):
        asyncio.run(online.follow(replace(task, policies=Policies()), once=True, anew=True))

    asyncio.run(online.follow(task, once=True, anew=True))

    rows = "SELECT id, amount::text FROM till.payments WHERE id IN (3, 4, 5)"
    assert query(guild.target, rows) == [(4, "9.00")]
    assert [entry[:4] for entry in query(guild.target, QUARANTINE)] == [
        ("oldtill.public.payments", "3", "row", "unconvertible"),
        ("oldtill.public.payments", "6", "row", "unconvertible"),
    ]

    # What is in quarantine isn't compared, and yet may have changed meanwhile.
    query(till, LOSE_SLOTS)
    query(till, "DELETE FROM payments WHERE id = 3; UPDATE payments SET amount = '6' WHERE id = 6")
    asyncio.run(online.follow(task, once=True, anew=True))
    assert query(guild.target, QUARANTINE) == []
    assert value(guild.target, "SELECT amount::text FROM till.payments WHERE id = 6") == "6.00"
    assert asyncio.run(online.verify(task)).identical


def test_without_a_policy_the_pass_is_rolled_back_and_its_place_stays(guild: World) -> None:
    till = guild.urls["oldtill"]
    place = "SELECT place FROM payrollx_meta.flows WHERE database = 'oldtill'"

    async def work(it: Following) -> None:
        await it.passes()
        before = value(guild.target, place)
        query(till, "UPDATE payments SET amount = '8' WHERE id = 4")
        query(till, "UPDATE payments SET amount = 'a lot' WHERE id = 3")
        with pytest.raises(FindingsError) as failure:
            await it.followers["oldtill"].one_pass(barrier=True)
        assert failure.value.exit_code == 3
        assert "3" in " ".join(failure.value.details)
        assert value(guild.target, place) == before
        assert value(guild.target, "SELECT amount::text FROM till.payments WHERE id = 4") == "4.50"

    follow(guild, work)

    async def corrected() -> None:
        query(till, "UPDATE payments SET amount = '3' WHERE id = 3")
        async with following(guild) as it:
            await it.passes()
        assert query(guild.target, "SELECT id, amount::text FROM till.payments WHERE id IN (3, 4) ORDER BY 1") == [
            (3, "3.00"),
            (4, "8.00"),
        ]

    asyncio.run(corrected())


def test_a_label_that_the_target_lacks_takes_the_row_out_of_all_its_tables(guild: World) -> None:
    source = guild.urls["oldhall"]

    async def work(it: Following) -> None:
        query(source, f"UPDATE members SET rank = 'ODD' WHERE id = '{ID}12'")
        await it.passes()
        assert value(guild.target, f"SELECT count(*) FROM hall.members WHERE id = '{ID}12'") == 0
        assert value(guild.target, f"SELECT count(*) FROM hall.badges WHERE member = '{ID}12'") == 0
        query(source, f"DELETE FROM members WHERE id = '{ID}12'")
        await it.passes()
        assert query(guild.target, QUARANTINE) == []

    follow(guild, work, "enum-unknown=quarantine")


@pytest.mark.parametrize(
    ("policy", "height"), [("lossy=quarantine", None), pytest.param("lossy=round", "1.23", marks=pytest.mark.long)]
)
def test_what_would_change_without_a_word_goes_by_its_policy(guild: World, policy: str, height: str | None) -> None:
    source = guild.urls["oldhall"]

    async def work(it: Following) -> None:
        query(source, f"UPDATE members SET height = 1.2345 WHERE id = '{ID}12'")
        query(source, f"UPDATE members SET height = 1.25 WHERE id = '{ID}13'")
        await it.passes()
        found = query(guild.target, f"SELECT height::text FROM hall.members WHERE id = '{ID}12'")
        assert found == ([(height,)] if height else [])
        kind = "value" if height else "row"
        assert [(entry[1], entry[2], entry[3]) for entry in query(guild.target, QUARANTINE)] == [
            (f"{ID}12", kind, "lossy")
        ]
        query(source, f"UPDATE members SET height = 1.5 WHERE id = '{ID}12'")
        await it.passes()
        assert query(guild.target, QUARANTINE) == []

    follow(guild, work, policy)


def test_rows_that_the_target_refuses_are_found_among_the_others(guild: World) -> None:
    source = guild.urls["oldhall"]

    async def work(it: Following) -> None:
        query(source, f"UPDATE members SET height = 11 WHERE id = '{ID}12'")
        query(source, f"UPDATE members SET name = 'member 5' WHERE id = '{ID}13'")
        query(source, f"UPDATE members SET name = 'other' WHERE id = '{ID}14'")
        await it.passes()
        assert [(entry[1], entry[3]) for entry in query(guild.target, QUARANTINE)] == [
            (f"{ID}12", "check-violated"),
            (f"{ID}13", "duplicate"),
        ]
        assert value(guild.target, f"SELECT name FROM hall.members WHERE id = '{ID}14'") == "other"
        assert value(guild.target, f"SELECT count(*) FROM hall.badges WHERE member IN ('{ID}12', '{ID}13')") == 0

    follow(guild, work, "check-violated=quarantine duplicate=quarantine")


def test_an_emptied_table_that_is_filled_again_is_judged_as_a_whole(guild: World) -> None:
    source = guild.urls["oldhall"]

    async def work(it: Following) -> None:
        query(source, f"UPDATE members SET rank = 'ODD' WHERE id = '{ID}12'")
        await it.passes()
        query(source, "TRUNCATE members")
        await it.passes()
        assert query(guild.target, QUARANTINE) == []
        assert value(guild.target, "SELECT count(*) FROM hall.members") == 0
        query(source, REFILLED)
        await it.passes()
        assert [(entry[1], entry[3]) for entry in query(guild.target, QUARANTINE)] == [
            (f"{ID}20", "lossy"),
            (f"{ID}21", "enum-unknown"),
            (f"{ID}22", "lossy"),
            (f"{ID}23", "enum-unknown"),
        ]
        assert value(guild.target, "SELECT count(*) FROM hall.badges") == 0

    follow(guild, work, "enum-unknown=quarantine lossy=quarantine")
