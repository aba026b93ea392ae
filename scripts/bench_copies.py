"""What a copy costs while services write, and what it costs them: in turn at rest and under load."""

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bench_open_loop import OpenLoop, Span
from bench_world import BenchWorld, cpu, progress

from payrollx_db.consolidate import online, pipeline
from payrollx_db.model.events import Event, StageStarted

WARM = 1.0  # seconds in which writers open their sessions
BEFORE = 3.0  # seconds of their writing before the copy begins, which theirs meanwhile is held against
SHARES = (0.5, 0.99)  # of transactions: which latencies are told


@dataclass(frozen=True)
class Copied:
    """One copy: its seconds, by clock and of the processors, and of its stages; and those that writers took of each."""

    seconds: float
    spent: float
    stages: dict[str, float]
    writers: float = 0.0


@dataclass(frozen=True)
class Pair:
    """A copy at rest and one under load; and what was asked of the writers and acknowledged, before and meanwhile."""

    rest: Copied
    load: Copied
    before: Span
    meanwhile: Span

    @property
    def fair(self) -> float:
        """How much longer the copy takes if it gets all that the writers leave it of the processors, and no more.

        At rest it may not use all of them; then it does under load.
        """
        left = (os.cpu_count() or 1) - self.load.writers / self.load.seconds
        return max(1.0, self.load.spent / max(left, 0.1) / self.rest.seconds)


@dataclass
class Copies:
    """Copies of all sources: ``rounds`` pairs, with ``rate`` transactions a second of each source under load."""

    world: BenchWorld
    rate: int
    rounds: int
    results: dict[str, Any] = field(default_factory=dict)

    async def measure(self) -> None:
        """Copy at rest and while services write, in turn; see how much longer it takes, and what writers lose."""
        progress("copies: one that doesn't count")  # it reads the catalogs and the tables into the servers' memory
        await self._copy()
        pairs = []
        for number in range(1, self.rounds + 1):
            progress(f"copies: pair {number} of {self.rounds}")
            rest = await self._copy() if number % 2 else None
            load, before, meanwhile = await self._under_load(number)
            pairs.append(Pair(rest or await self._copy(), load, before, meanwhile))
        self.results["copy"] = _summary(pairs)

    async def _under_load(self, number: int) -> tuple[Copied, Span, Span]:
        """Copy while services write; return as well what was asked of them before it, and meanwhile."""
        writers = OpenLoop(self.world, self.rate)
        await asyncio.to_thread(writers.begin, str(number))
        await asyncio.sleep(WARM)
        began = time.time()
        await asyncio.sleep(BEFORE)
        copying = time.time()
        load = await self._copy(writers)
        ended = copying + load.seconds
        await asyncio.to_thread(writers.end)
        return load, writers.span(began, copying), writers.span(copying, ended)

    async def _copy(self, writers: OpenLoop | None = None) -> Copied:
        """Copy into an empty target, with slots and publications. What it made is taken away again."""
        stages: list[tuple[str, float]] = []

        def see(event: Event) -> None:
            if isinstance(event, StageStarted):
                stages.append((event.stage, time.monotonic()))

        programs, sessions = await asyncio.to_thread(writers.spent) if writers else (0.0, 0.0)
        before, began = self._spent() - sessions, time.monotonic()
        await pipeline.copy(replace(self.world.task, following=True, observer=see))
        seconds, after = time.monotonic() - began, self._spent()
        later = await asyncio.to_thread(writers.spent) if writers else (0.0, 0.0)
        await online.drop_following(self.world.task)
        self.world.empty()
        taken = sum(later) - programs - sessions
        return Copied(seconds, after - later[1] - before, _durations(stages, began + seconds), taken)

    def _spent(self) -> float:
        """Return the processor seconds of this process and of both servers, with the sessions of writers."""
        return self.world.spent() + cpu({}, own=True)["python"]


def _durations(stages: Sequence[tuple[str, float]], ended: float) -> dict[str, float]:
    """Return the seconds of each stage, by its name, of when they began."""
    durations: dict[str, float] = {}
    for (stage, began), following in zip(stages, [*(began for _, began in stages[1:]), ended], strict=True):
        durations[stage] = round(durations.get(stage, 0.0) + following - began, 2)
    return durations


def _summary(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return what is told of the pairs: medians of what each pair says, and all copies."""

    def median(value: Callable[[Pair], float]) -> float:
        return statistics.median(map(value, pairs))

    return {
        "at rest": [asdict(pair.rest) for pair in pairs],
        "under load": [asdict(pair.load) for pair in pairs],
        "ratio": median(lambda pair: pair.load.seconds / pair.rest.seconds),
        "cpu_ratio": median(lambda pair: pair.load.spent / pair.rest.spent),
        "fair": median(lambda pair: pair.fair),
        "writers": median(lambda pair: pair.load.writers / pair.load.seconds),
        "asked": round(median(lambda pair: pair.meanwhile.asked / pair.load.seconds)),
        "lost": median(lambda pair: pair.meanwhile.lost), "all lost": [pair.meanwhile.lost for pair in pairs],
        "lost before": median(lambda pair: pair.before.lost),
        "before": _latencies([pair.before for pair in pairs]),
        "meanwhile": _latencies([pair.meanwhile for pair in pairs]),
    }  # fmt: skip


def _latencies(spans: Sequence[Span]) -> dict[float, float]:
    """Return the medians of latencies in seconds, by the share of transactions that stayed under them."""
    return {share: statistics.median(span.latency(share) for span in spans) for share in SHARES}
