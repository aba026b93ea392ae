"""The copy of databases that are being written: what waits for a common moment, and what is there at its end."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest
from worlds import World, query, value

from payrollx_db.consolidate import online, pipeline
from payrollx_db.errors import ConfigurationError, FindingsError, StateConflictError
from payrollx_db.model.events import Event, Notice, StageStarted, TableFinished
from payrollx_db.model.policy import Policies

pytestmark = pytest.mark.usefixtures("logical_server")

FOREIGN_KEYS = """
SELECT count(*) FROM pg_constraint WHERE contype = 'f'
AND connamespace::regnamespace::text !~ '^(pg_|information_schema|payrollx_meta)'
"""
INDEXES = """
SELECT schemaname || '.' || indexname FROM pg_indexes
WHERE schemaname !~ '^(pg_|payrollx_meta)' AND schemaname <> 'information_schema' ORDER BY 1
"""


def copy_following(world: World, policies: Policies | None = None) -> pipeline.Report:
    task = replace(world.task(), following=True, policies=policies or Policies())
    return asyncio.run(pipeline.copy(task))


def test_foreign_keys_stay_down_are_recorded_and_the_plan_knows_them(world: World) -> None:
    designed, indexes = value(world.target, FOREIGN_KEYS), query(world.target, INDEXES)
    before = {str(reference) for reference in world.plan().enforced}

    report = copy_following(world)

    assert report.run.status == "done"
    assert value(world.target, FOREIGN_KEYS) == 0
    recorded = "SELECT count(*) FROM payrollx_meta.objects WHERE kind = 'foreign key' AND restored_at IS NULL"
    assert value(world.target, recorded) == designed
    assert query(world.target, INDEXES) == indexes
    assert all(table.balanced for table in report.tables if table.kind == "copy")
    assert {str(reference) for reference in world.plan().enforced} == before


@pytest.mark.parametrize("policy", ["drift=newest", "stranded=adopt"])
def test_policies_that_take_rows_from_duplicates_are_refused(reading_world: World, policy: str) -> None:
    with pytest.raises(ConfigurationError, match="duplicate tables"):
        copy_following(reading_world, Policies.read([policy]))

    assert value(reading_world.target, "SELECT to_regclass('payrollx_meta.runs') IS NULL")


def test_orphans_and_drift_of_the_moment_block_no_copy(world: World) -> None:
    one = "id = (SELECT min(id) FROM employees)"
    query(world.urls["payrollx_employee"], f'UPDATE employees SET "userId" = gen_random_uuid()::text WHERE {one}')

    report = copy_following(world)

    assert {f.severity for f in report.findings if f.code == "orphan"} == {"warn"}


WRITER = """
INSERT INTO payments SELECT max(id) + 1, min(member), '1' FROM payments;
UPDATE payments SET amount = '2' WHERE id = (SELECT min(id) FROM payments);
DELETE FROM payments WHERE id = (SELECT max(id) - 2 FROM payments);
"""


def test_what_is_written_during_the_copy_is_brought_over_after_it(guild: World) -> None:
    till = guild.urls["oldtill"]
    ended = threading.Event()

    def write() -> None:
        with psycopg.connect(till.conninfo(), autocommit=True) as connection:
            while not ended.is_set():
                connection.execute(WRITER.encode())
                ended.wait(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copy_following(guild)
    finally:
        ended.set()
        writer.join()
    asyncio.run(online.follow(replace(guild.task(), following=True), once=True))

    both = "SELECT id, round(amount::numeric, 2)::text FROM {} ORDER BY 1"
    assert query(guild.target, both.format("till.payments")) == query(till, both.format("payments"))


def test_slots_are_older_than_the_first_part_and_know_their_run(guild: World) -> None:
    report = copy_following(guild)

    flows = query(guild.target, "SELECT database, status, run_id FROM payrollx_meta.flows ORDER BY 1")
    assert flows == [("oldhall", "following", report.run.id), ("oldtill", "following", report.run.id)]
    older = """SELECT bool_and(f.place < '0/0'::pg_lsn + %s) FROM payrollx_meta.flows AS f"""
    assert value(guild.target, older, (value(guild.urls["oldtill"], "SELECT pg_current_wal_lsn() - '0/0'"),))


def test_where_the_data_does_not_fit_no_slot_is_left(guild: World) -> None:
    query(guild.urls["oldtill"], "UPDATE payments SET amount = 'a lot' WHERE id = 1")

    with pytest.raises(FindingsError):
        copy_following(guild)

    slots = "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"
    assert value(guild.urls["oldtill"], slots) == 0
    assert value(guild.urls["oldtill"], "SELECT count(*) FROM pg_publication") == 0
    assert query(guild.target, "SELECT database FROM payrollx_meta.flows") == []


def test_a_copy_without_slots_is_not_followed_in_its_midst(guild: World) -> None:
    stop_after_first_part(guild)

    with pytest.raises(StateConflictError, match="older than"):
        copy_following(guild)


def stop_after_first_part(world: World) -> None:
    """Begin a copy of parts of their own, without following, that ends when the first of them is in."""
    world.small_tables = 0

    def observer(event: Event) -> None:
        if isinstance(event, TableFinished):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(pipeline.copy(world.task(jobs=1, observer=observer)))


def turning_bad(world: World, times: int) -> Callable[[Event], None]:
    """Return an observer that writes a value which doesn't fit, when the rows have been checked and are to be copied.

    And others so many ``times``, whenever a part was refused.
    """
    numbers = iter(range(1, 1 + times))

    def observer(event: Event) -> None:
        due = isinstance(event, StageStarted) and event.stage == "copy"
        if (due or (isinstance(event, Notice) and "decided anew" in event.text)) and (number := next(numbers, None)):
            query(world.urls["oldtill"], "UPDATE payments SET amount = 'a lot' WHERE id = %s", (number,))

    return observer


@pytest.mark.parametrize("together", [True, False])
def test_rows_that_turn_bad_after_the_check_are_quarantined(guild: World, together: bool) -> None:
    guild.small_tables = guild.small_tables if together else 0
    task = guild.task(observer=turning_bad(guild, 3))
    policies = Policies.read(["unconvertible=quarantine"])

    report = asyncio.run(pipeline.copy(replace(task, following=True, policies=policies)))

    assert all(table.balanced for table in report.tables if table.kind == "copy")
    (payments,) = [table for table in report.tables if table.target == "till.payments"]
    quarantined = "SELECT count(*) FROM payrollx_meta.quarantine WHERE row IS NOT NULL"
    assert (payments.rows_quarantined or 0) > 0
    assert value(guild.target, quarantined) == payments.rows_quarantined
    query(guild.urls["oldtill"], "UPDATE payments SET amount = '3' WHERE id BETWEEN 1 AND 3")
    asyncio.run(online.follow(replace(guild.task(), policies=policies), once=True))
    assert value(guild.target, "SELECT count(*) FROM till.payments WHERE amount = 3 AND id BETWEEN 1 AND 3") == 3


def test_without_a_policy_a_row_that_turns_bad_is_named(guild: World) -> None:
    task = guild.task(observer=turning_bad(guild, 1))

    with pytest.raises(FindingsError) as refused:
        asyncio.run(pipeline.copy(replace(task, following=True)))

    assert any("oldtill" in line and "payments" in line for line in refused.value.details)
