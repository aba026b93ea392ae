"""Gentle to those who share the servers: no writer waits, the rate holds, and everybody can see who we are."""

import asyncio
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from clocks import SkippingClock
from doors import at_the_door, door_closed
from watchers import once
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import SourceError
from payrollx_db.postgres.copy_pipe import BURST, RateLimit
from payrollx_db.postgres.session import copy_connection, session
from payrollx_db.schema import migrate

WRITE = """
INSERT INTO notifications (id, "userId", recipient, subject, content, "updatedAt")
VALUES (gen_random_uuid()::text, gen_random_uuid()::text, 'a', 'written meanwhile', 'c', now())
"""
WRITES = (
    WRITE,
    "UPDATE notifications SET subject = subject || '.' WHERE id = (SELECT min(id) FROM notifications)",
    "DELETE FROM notifications WHERE subject = 'written meanwhile'",
)
OURS = "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'payrollx-db%%' AND datname = %s"


def copy(world: World, *services: str, **options: Any) -> pipeline.Report:
    return asyncio.run(pipeline.copy(replace(world.task(*services), **options)))


def left(world: World) -> int:
    names = [url.dbname for url in (world.target, *world.urls.values())]
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'payrollx-db%%' AND datname = ANY (%s)"
    return int(value(world.target, count, (names,)))


def test_no_writer_waits(world: World) -> None:
    """While the copy has a source table open and can't go on, every kind of write to that table goes through."""
    source = world.urls["payrollx_notification"]
    written: list[str] = []

    def write() -> None:
        """Write, and rather be refused than wait for a lock."""
        with psycopg.connect(source.conninfo(), autocommit=True, options="-c lock_timeout=1ms") as connection:
            for statement in WRITES:
                connection.execute(statement)
                written.append(statement)

    def writes_when_it_is_read() -> bool:
        if not at_the_door(world):
            return False
        write()
        return True

    with door_closed(world, "notification.notifications") as opens, once(writes_when_it_is_read, opens):
        report = copy(world, "notification", small_tables=0)

    assert written == list(WRITES)
    assert all(table.balanced for table in report.tables)
    assert left(world) == 0


def test_every_byte_is_counted_against_the_rate(reading_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    async def take(self: RateLimit, size: int) -> None:
        assert self.speed == 3_000_000
        taken.append(size)

    monkeypatch.setattr(RateLimit, "take", take)

    (table,) = copy(reading_world, "notification", max_rate=3_000_000).tables

    assert sum(taken) == table.bytes


def test_the_rate_is_of_all_pipes_together() -> None:
    """Four pipes that want a quarter of 800 kB each, at 1 MB/s: what passes at once after a pause is free."""

    async def move(rate: RateLimit) -> None:
        for _ in range(20):
            await rate.take(10_000)

    async def go() -> float:
        rate = RateLimit(1_000_000)
        await asyncio.sleep(100)  # what wasn't used meanwhile is forgotten, but for the burst
        started = asyncio.get_running_loop().time()
        await asyncio.gather(*(move(rate) for _ in range(4)))
        return asyncio.get_running_loop().time() - started

    with asyncio.Runner(loop_factory=SkippingClock) as runner:
        assert runner.run(go()) == pytest.approx(0.8 - BURST)


def test_sessions_say_what_they_do(reading_world: World) -> None:
    places = {"source": reading_world.urls["payrollx_notification"], "target": reading_world.target}
    seen: dict[str, set[str]] = {}

    def looks_while_it_copies() -> bool:
        if at_the_door(reading_world):
            for side, url in places.items():
                seen[side] = {name for (name,) in query(url, OURS, (url.dbname,))}
            progress = "SELECT relid::regclass::text FROM pg_stat_progress_copy WHERE command = 'COPY FROM'"
            seen["progress"] = {name for (name,) in query(reading_world.target, progress)}
        return bool(seen)

    with door_closed(reading_world, "notification.notifications") as opens, once(looks_while_it_copies, opens):
        copy(reading_world, "notification", small_tables=0)

    label = "payrollx-db test run 1 notification.notifications"
    assert label in seen["source"]
    assert label in seen["target"]
    assert "notification.notifications" in seen["progress"]
    assert left(reading_world) == 0


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_time_limit_of_the_servers_cuts_nothing_off(world: World, side: str) -> None:
    """Postgres 17 has one for a whole transaction, which a copy, a migration and a verification take longer than."""
    if value(world.target, "SHOW server_version_num") < "170000":
        pytest.skip("this server knows no transaction_timeout")
    task = world.task()
    endpoint = task.target if side == "target" else next(iter(task.sources.values()))
    query(endpoint.url, f"ALTER DATABASE \"{endpoint.url.dbname}\" SET transaction_timeout = '20s'")

    async def shown() -> tuple[Any, Any]:
        async with session(endpoint) as connection, copy_connection(endpoint) as other:
            row = await (await connection.execute("SHOW transaction_timeout")).fetchone()
            return row, await other.fetchval("SHOW transaction_timeout")

    assert asyncio.run(shown()) == (("0",), "0")
    with migrate.connection(endpoint.url) as connection:
        assert connection.exec_driver_sql("SHOW transaction_timeout").scalar() == "0"


def test_it_waits_for_a_lock_no_longer_than_asked_for(reading_world: World) -> None:
    """An exclusive lock on a source table: refused in time, naming who holds it, and gone on with afterwards."""
    notification = reading_world.urls["payrollx_notification"]
    words = ("copy", "--service", "notification", "--check-rows", "never", "--lock-timeout", "300ms")
    with psycopg.connect(notification.conninfo(), application_name="a migration") as holder:
        holder.execute("LOCK TABLE notifications IN ACCESS EXCLUSIVE MODE")
        done = reading_world.command(*words)

        assert done.returncode == SourceError.exit_code, done.stderr
        assert "lock timeout" in done.stderr
        assert "a migration" in done.stderr
        assert "--lock-timeout" in done.stderr

    assert reading_world.command(*words).returncode == 0


@pytest.mark.parametrize("work", [pipeline.check, pipeline.verify])
def test_whatever_waits_for_a_lock_in_vain_names_who_has_it(reading_world: World, work: Any) -> None:
    task = reading_world.task("notification")
    sources = {
        name: replace(source, settings={**source.settings, "lock_timeout": "200ms"})
        for name, source in task.sources.items()
    }
    notification = reading_world.urls["payrollx_notification"]
    with psycopg.connect(notification.conninfo(), application_name="a migration") as holder:
        holder.execute("LOCK TABLE notifications IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(SourceError) as caught:
            asyncio.run(work(replace(task, sources=sources)))

    assert any("a migration" in line for line in caught.value.details), caught.value


@pytest.mark.parametrize(
    ("option", "text"), [("--statement-timeout", "1ms"), ("--lock-timeout", "soon"), ("--max-rate", "0")]
)
def test_options_that_cannot_be(reading_world: World, option: str, text: str) -> None:
    done = reading_world.command("copy", "--service", "notification", option, text)

    assert done.returncode in ((4, 5) if text == "1ms" else (2,)), done.stderr
    assert "Traceback" not in done.stderr


def test_sessions_are_called_as_asked_for(reading_world: World) -> None:
    query(reading_world.target, "CREATE TABLE public.seen (name text)")
    query(reading_world.target, "GRANT INSERT ON public.seen TO PUBLIC")  # the copy acts as the tables' owner
    query(
        reading_world.target,
        "CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO public.seen VALUES (pg_catalog.current_setting('application_name')); RETURN NEW; END $$",
    )
    query(
        reading_world.target,
        "CREATE TRIGGER see BEFORE INSERT ON notification.notifications EXECUTE FUNCTION public.see()",
    )

    assert (
        reading_world.command("copy", "--service", "notification", "--application-name", "night shift").returncode == 0
    )

    assert query(reading_world.target, "SELECT DISTINCT name FROM public.seen") == [
        ("night shift run 1 notification.notifications",)
    ]
