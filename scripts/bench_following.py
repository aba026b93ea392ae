"""Following against a native subscription of the same tables: steady writes at several rates, and bulk ones.

What is compared are processor seconds of all processes of a method together, over the same number of transactions.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bench_world import (
    BULK_INSERT,
    BULK_UPDATE,
    COMPARED,
    TABLES,
    BenchWorld,
    cpu,
    difference,
    execute,
    pids,
    progress,
    rows,
    transactions_of,
)

from payrollx_db.consolidate import online, pipeline
from payrollx_db.consolidate.follow.follower import Follower
from payrollx_db.consolidate.follow.following import catch_up
from payrollx_db.postgres.url import DatabaseUrl


@dataclass
class Following:
    """What was measured of following, by name: ours and native, ``rates`` in transactions a second of each source."""

    world: BenchWorld
    rates: tuple[int, ...]
    seconds: int
    results: dict[str, Any] = field(default_factory=dict)
    natives: dict[str, DatabaseUrl] = field(default_factory=dict)

    # -- ours --------------------------------------------------------------------------------------

    async def ours(self) -> None:
        """Copy, follow while pgbench writes, then bring over what is written in bulk."""
        progress("following: copy")
        await pipeline.copy(self.world.task)
        async with online.followed(self.world.task) as (_, followers):
            for follower in followers:
                await follower.connect()
            try:
                await self.see_all(followers)
                for rate in self.rates:
                    progress(f"following: {rate}/s of each source")
                    await self._steady_ours(followers, rate)
                await self._bulk("ours", lambda: catch_up(followers[0], lambda _: None), self._our_pids)
                await asyncio.gather(*(catch_up(follower, lambda _: None) for follower in followers))
                self.results["differences"] = self.differences()
            finally:
                for follower in followers:
                    await follower.close()
        await online.drop_following(self.world.task)

    async def see_all(self, followers: list[Follower]) -> None:
        """Let each row that others look up come by once: until then, who follows takes it as changed where it does.

        What is measured is following that has gone on for a while, not the first minutes after a start.
        """
        for url in self.world.sources.values():
            await asyncio.to_thread(execute, url, 'UPDATE payroll_runs SET "updatedAt" = now()')
        await asyncio.gather(*(catch_up(follower, lambda _: None) for follower in followers))

    async def _steady_ours(self, followers: list[Follower], rate: int) -> None:
        stop, lags, passes = asyncio.Event(), list[float](), 0

        def passed(result: Any) -> None:
            nonlocal passes
            passes += 1
            lags.extend([result.lag] * result.commits)

        before = cpu(await asyncio.to_thread(self._our_pids), own=True)
        following = [asyncio.create_task(follower.run(stop, passed)) for follower in followers]
        writers = await asyncio.to_thread(self.world.writers, rate, self.seconds)
        transactions = await asyncio.to_thread(transactions_of, writers)
        stop.set()
        await asyncio.gather(*following)
        await asyncio.gather(*(catch_up(follower, lambda _: None) for follower in followers))
        spent = difference(cpu(await asyncio.to_thread(self._our_pids), own=True), before)
        self.results[f"steady {rate} ours"] = self._steady(transactions, spent, lags) | {"passes": passes}

    def _our_pids(self) -> dict[str, list[int]]:
        slots = "SELECT active_pid FROM pg_replication_slots WHERE slot_name LIKE 'payrollx%'"
        sessions = (
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'bench follow%'"
            " AND backend_type = 'client backend'"
        )
        return {
            "walsender": pids(self.world.old.url(), slots), "read": pids(self.world.old.url(), sessions),
            "write": pids(self.world.new.url(), sessions),
        }  # fmt: skip

    # -- native ------------------------------------------------------------------------------------

    async def native(self) -> None:
        """Do the same with a subscription a source."""
        self.natives = self.world.make_natives()
        for name, url in self.world.sources.items():
            execute(url, f"CREATE PUBLICATION native FOR TABLE {', '.join(TABLES)}")
            where = url.conninfo().replace("'", "''")
            subscription = f"CREATE SUBSCRIPTION native_{name} CONNECTION '{where}' PUBLICATION native"
            execute(self.natives[name], f"{subscription} WITH (binary = true)")
        await asyncio.to_thread(self._await_copies)
        for rate in self.rates:
            progress(f"native subscription: {rate}/s of each source")
            await self._steady_native(rate)
        await self._bulk("native", lambda: asyncio.to_thread(self._await_native, ["s1"]), self._native_pids)
        for name in self.world.sources:
            execute(self.natives[name], f"DROP SUBSCRIPTION native_{name}")

    async def _steady_native(self, rate: int) -> None:
        before, lags = cpu(self._native_pids()), list[float]()
        writing = asyncio.create_task(asyncio.to_thread(transactions_of, self.world.writers(rate, self.seconds)))
        query = "SELECT extract(epoch FROM replay_lag)::float8 FROM pg_stat_replication WHERE replay_lag IS NOT NULL"
        while not writing.done():
            lags += [row[0] for row in rows(self.world.old.url(), query)]
            await asyncio.sleep(0.5)
        transactions = await writing
        await asyncio.to_thread(self._await_native, list(self.world.sources))
        spent = difference(cpu(self._native_pids()), before)
        self.results[f"steady {rate} native"] = self._steady(transactions, spent, lags)

    def _native_pids(self) -> dict[str, list[int]]:
        slots = "SELECT active_pid FROM pg_replication_slots WHERE slot_name LIKE 'native%'"
        workers = (
            "SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'logical replication%' AND datname LIKE 'native%'"
        )
        return {"walsender": pids(self.world.old.url(), slots), "apply": pids(self.world.new.url(), workers)}

    def _await_copies(self) -> None:
        query = "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'"
        while any(rows(url, query)[0][0] for url in self.natives.values()):
            time.sleep(0.3)

    def _await_native(self, names: Iterable[str]) -> None:
        """Wait until subscriptions have all that is committed by now."""
        for name in names:
            ((lsn,),) = rows(self.world.sources[name], "SELECT pg_current_wal_insert_lsn()::text")
            execute(self.world.sources[name], "SELECT pg_logical_emit_message(true, 'bench', '')")
            confirmed = f"SELECT confirmed_flush_lsn >= '{lsn}'::pg_lsn FROM pg_replication_slots"
            query = f"{confirmed} WHERE slot_name = 'native_{name}'"
            while not rows(self.world.old.url(), query)[0][0]:
                time.sleep(0.05)

    # -- both --------------------------------------------------------------------------------------

    async def _bulk(
        self, method: str, bring: Callable[[], Awaitable[Any]], who: Callable[[], dict[str, list[int]]]
    ) -> None:
        progress(f"bulk: {method}")
        count = max(self.world.items, self.world.bulk)
        for what, statement, number in (
            ("update", BULK_UPDATE, count), ("insert", BULK_INSERT.format(rows=count), count),
        ):  # fmt: skip
            before = cpu(await asyncio.to_thread(who), own=method == "ours")
            began = time.monotonic()
            await asyncio.to_thread(execute, self.world.sources["s1"], statement)
            await bring()
            spent = difference(cpu(await asyncio.to_thread(who), own=method == "ours"), before)
            each = {name: round(seconds / number * 1e6, 1) for name, seconds in spent.items()}
            self.results[f"bulk {what} {method}"] = {
                "rows": number, "seconds": round(time.monotonic() - began, 1), "us_per_row": each,
                "total": round(sum(spent.values()) / number * 1e6, 1),
            }  # fmt: skip

    def _steady(self, transactions: int, spent: dict[str, float], lags: list[float]) -> dict[str, Any]:
        lags = sorted(lags) or [0.0]
        return {
            "per_second": round(transactions / self.seconds),
            "us_per_transaction": {name: round(s / transactions * 1e6) for name, s in spent.items()},
            "total": round(sum(spent.values()) / transactions * 1e6),
            "lag_p50": round(statistics.median(lags), 3), "lag_p99": round(lags[int(len(lags) * 0.99)], 3),
        }  # fmt: skip

    def differences(self) -> list[str]:
        """Name the tables whose rows aren't the same on both sides."""
        wrong = []
        for name, url in self.world.sources.items():
            for table, (old, new) in COMPARED.items():
                query = "SELECT count(*), sum(hashtextextended(ROW({})::text, 0)) FROM {}"
                left, right = query.format(old, table), query.format(new, f"t{name}.{table}")
                if rows(url, left) != rows(self.world.unified, right):
                    wrong.append(f"{name}.{table}")
        return wrong
