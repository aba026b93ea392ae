"""How far followed databases are ahead, what their servers keep for us, and when that is let go of."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from following import Following, follow
from worlds import World, query, value

from payrollx_db.consolidate import online, pipeline
from payrollx_db.consolidate.follow.lag import Backlog, findings
from payrollx_db.consolidate.follow.monitor import Monitor
from payrollx_db.consolidate.pipeline import Task
from payrollx_db.consolidate.state.flows import FlowState
from payrollx_db.consolidate.state.lags import Lag
from payrollx_db.consolidate.status import status
from payrollx_db.postgres.replication.errors import SlotLostError

SLOTS = "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"


def task_of(world: World) -> Task:
    return replace(world.task(), following=True)


def test_what_is_measured_is_recorded_and_shown(guild: World) -> None:
    async def work(it: Following) -> None:
        query(guild.urls["oldtill"], "UPDATE payments SET amount = '5'")
        monitor = Monitor(it.context, it.context.session, lambda: {"oldtill": Backlog(10, 2.5)})
        await monitor.look()

    follow(guild, work)

    recorded = asyncio.run(status(guild.task().target))
    till = next(lag for lag in recorded.lags if lag.database == "oldtill")
    assert (till.lag_keys, till.lag_seconds, till.wal_status) == (10, 2.5, "reserved")
    assert till.lag_bytes is not None
    assert till.lag_bytes > 0
    assert till.retained_bytes is not None
    assert till.free_bytes is not None
    (alarm,) = recorded.alarms  # one for all: one call follows them
    assert (alarm.code, alarm.count, set(alarm.examples)) == ("not-followed", 2, {"oldhall", "oldtill"})
    shown = guild.command("status")
    assert shown.returncode == 0
    assert "oldtill" in shown.stdout
    assert "following" in shown.stdout


def test_a_slot_goes_before_a_disk_is_full_and_following_begins_anew(guild: World) -> None:
    asyncio.run(pipeline.copy(task_of(guild)))

    with pytest.raises(SlotLostError) as failure:
        asyncio.run(online.follow(task_of(guild), most_retained=0))

    assert "--resync" in failure.value.hint
    lost = query(guild.target, "SELECT database FROM payrollx_meta.flows WHERE status = 'lost'")
    assert len(lost) == 1
    assert value(guild.urls[lost[0][0]], SLOTS) == 0
    assert guild.command("status").returncode == 3

    query(guild.urls["oldtill"], "UPDATE payments SET amount = '6' WHERE id = 6; DELETE FROM payments WHERE id = 7")
    asyncio.run(online.follow(task_of(guild), once=True, anew=True))
    assert query(guild.target, "SELECT id, amount::text FROM till.payments WHERE id IN (6, 7)") == [(6, "6.00")]
    assert guild.command("status").returncode == 0


def test_alarms_go_by_what_is_kept_and_how_long_there_is_room() -> None:
    gigabyte, now = 1024**3, datetime.now(UTC)
    flow = FlowState(
        database="a", direction="forward", run_id=1, slot="s", publication="p", place="0/0", snapshot=None,
        read_place=None, surroundings=None, maps=None, status="following", made=[], keys=0, at=now,
    )  # fmt: skip
    kept = Lag("a", "forward", now, retained_bytes=2 * gigabyte, free_bytes=20 * gigabyte, bytes_per_second=20e6)

    def severity(lag: Lag) -> str:
        return next((f.severity for f in findings([flow], [lag], at_work=True)), "")

    assert severity(kept) == "error"  # a quarter of an hour
    assert severity(replace(kept, bytes_per_second=1e6)) == "warn"
    assert severity(replace(kept, bytes_per_second=1e3)) == ""
    assert severity(replace(kept, bytes_per_second=1e3, free_bytes=3 * gigabyte)) == "error"
    assert severity(replace(kept, retained_bytes=1000)) == ""
    assert severity(replace(kept, bytes_per_second=1e3, wal_status="unreserved")) == "error"
    assert severity(replace(kept, wal_status="lost")) == "error"
