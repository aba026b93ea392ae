"""What a copy costs while services write, and what it costs them: in turn at rest and under load."""

import asyncio
import signal
import statistics
import time
from dataclasses import dataclass, field, replace
from typing import Any

from bench_world import BenchWorld, cpu, pids, progress

from payrollx_db.consolidate import online, pipeline

SETTLED = 3.0  # seconds that writers write before the copy begins, by which their rate is known
LONG = 600


@dataclass
class Copies:
    """Copies of all sources: ``rounds`` pairs, with ``rate`` transactions a second of each source under load."""

    world: BenchWorld
    rate: int
    rounds: int
    results: dict[str, Any] = field(default_factory=dict)

    async def measure(self) -> None:
        """Copy at rest and while services write, in turn; see how much longer it takes, and what writers lose."""
        rest, load = list[tuple[float, float]](), list[tuple[float, float]]()
        lost, reached = list[float](), list[float]()
        progress("copies: one that doesn't count")  # it reads the catalogs and the tables into the servers' memory
        await self._copy()
        for number in range(1, self.rounds + 1):
            progress(f"copies: pair {number} of {self.rounds}")
            rest.append(await self._copy())
            writers = self.world.writers(self.rate, LONG)
            await asyncio.sleep(1)
            began, before = time.monotonic(), self.world.commits()
            await asyncio.sleep(SETTLED)
            base = (self.world.commits() - before) / (time.monotonic() - began)
            began, before = time.monotonic(), self.world.commits()
            load.append(await self._copy())
            during = (self.world.commits() - before) / (time.monotonic() - began)
            reached.append(base)
            lost.append(1 - during / base if base else 0.0)
            for writer in writers:
                writer.send_signal(signal.SIGKILL)
                await asyncio.to_thread(writer.communicate)
        walls, cpus = ([statistics.median(one[index] for one in some) for some in (load, rest)] for index in (0, 1))
        self.results["copy"] = {
            "at rest": rest, "under load": load, "ratio": walls[0] / walls[1], "cpu_ratio": cpus[0] / cpus[1],
            "lost": statistics.median(lost), "all lost": lost, "per_second": round(statistics.median(reached)),
        }  # fmt: skip

    async def _copy(self) -> tuple[float, float]:
        """Copy into an empty target, with slots and publications; return its seconds, by clock and of processors.

        What it made is taken away again.
        """
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgbench'"
        writing = await asyncio.to_thread(pids, self.world.old.url(), query)
        before, began = self._spent(writing), time.monotonic()
        await pipeline.copy(replace(self.world.task, following=True))
        seconds, spent = time.monotonic() - began, self._spent(writing) - before
        await online.drop_following(self.world.task)
        self.world.empty()
        return seconds, spent

    def _spent(self, writing: list[int]) -> float:
        """Return the processor seconds of this process and of both servers, without the sessions of the writers."""
        known = cpu({"writing": writing}, own=True)
        return self.world.spent() + known["python"] - known["writing"]
