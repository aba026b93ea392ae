"""Moves while services write: how long clients stand still in a cutover and a rollback.

The pauses are those that the clients see, by a clock of theirs, in processes of their own. What is moved is a world:
many small databases under pgbench, or PayrollX's eight services (`bench_services`).
"""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from bench_world import BenchWorld, progress

from payrollx_db.consolidate import moving, online, pipeline
from payrollx_db.consolidate.cutover.outcome import Rehearsed, Switched
from payrollx_db.consolidate.cutover.switching import Limits
from payrollx_db.consolidate.planner import Task

HERE = Path(__file__).resolve().parent
LIMITS = Limits(max_stop=60.0, max_lag=60.0)
FOLLOWED = 4.0  # seconds that are followed before each move
LONG = 600  # seconds that writers write at most, until they are refused


class Moved(Protocol):
    """What is moved, and who writes there meanwhile."""

    @property
    def task(self) -> Task:
        """The consolidation."""

    def begin(self, *, unified: bool) -> None:
        """Let all writers write to one side, until they are refused there."""

    def commits(self, *, unified: bool) -> int:
        """Return how many transactions of theirs are committed on that side by now."""

    async def pauses(self) -> list[float]:
        """Return how many seconds each client stood still in the move that is over, and end what is refused now."""

    def end(self) -> None:
        """End all writers."""


@dataclass
class Switches:
    """Cutovers and rollbacks of one world, in turn, ``rounds`` of each; ``name`` tells this world from others."""

    world: Moved
    rounds: int
    results: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    async def measure(self) -> None:
        """Copy, follow, and cut over and roll back several times, while all sources are written."""
        progress(f"{self.name}copy")
        await pipeline.copy(replace(self.world.task, following=True))
        seen: dict[str, list[dict[str, Any]]] = {"cutover": [], "rollback": []}
        try:
            for number in range(1, self.rounds + 1):
                for action, rounds in seen.items():
                    progress(f"{self.name}{action} {number} of {self.rounds}")
                    rounds.append(await self._switch(action))
        finally:
            self.world.end()
        for action, rounds in seen.items():
            pauses = [seconds for one in rounds for seconds in one["pauses"]]
            self.results[f"{self.name}{action}"] = {
                "median": statistics.median(pauses), "worst": max(pauses), "rounds": rounds,
                "predicted": [round(one["predicted"] / one["own"], 2) for one in rounds],
                "per_second": round(statistics.median(one["per_second"] for one in rounds)),
            }  # fmt: skip

    async def _switch(self, action: str) -> dict[str, Any]:
        """Do one switch under load; return what clients and command say of it."""
        unified = action == "rollback"
        self.world.begin(unified=unified)
        await self._follow(FOLLOWED / 2)  # until sessions are opened, and what was left is in
        began, before = time.monotonic(), await asyncio.to_thread(self.world.commits, unified=unified)
        await self._follow(FOLLOWED)
        written = await asyncio.to_thread(self.world.commits, unified=unified) - before
        per_second, load = written / (time.monotonic() - began), os.getloadavg()[0]
        rehearsed, switched = await self._move(action)
        pauses = await self.world.pauses()
        return {
            "pauses": pauses, "own": round(switched.stop, 3), "keys": switched.keys, "predicted": rehearsed.predicted,
            "per_second": per_second,
            "seconds": {name: round(seconds, 3) for name, seconds in switched.seconds.items()},
            "predicted_seconds": {name: round(seconds, 3) for name, seconds in rehearsed.steps.items()},
            "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        }  # fmt: skip

    async def _move(self, action: str) -> tuple[Rehearsed, Switched]:
        task = self.world.task
        if action == "cutover":
            return await moving.rehearse_cutover(task, LIMITS), await moving.cutover(task, LIMITS)
        return await moving.rehearse_rollback(task, LIMITS), await moving.rollback(task, LIMITS)

    async def _follow(self, seconds: float) -> None:
        """Follow for a while, in whatever direction."""
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, stop.set)
        await online.follow(self.world.task, stop=stop)


@dataclass
class SmallServices:
    """The benchmark's own databases: pgbench writes at ``rate`` to each, and one client of each looks at its clock."""

    world: BenchWorld
    rate: int
    _clients: "subprocess.Popen[str] | None" = None
    _writers: "list[subprocess.Popen[str]]" = field(default_factory=list)

    @property
    def task(self) -> Task:
        """The consolidation."""
        return self.world.task

    def begin(self, *, unified: bool) -> None:
        """Let pgbench write to one side; the clients write to where they are let."""
        if self._clients is None:
            command = [sys.executable, str(HERE / "bench_clients.py"), "--new", self.world.unified.conninfo()]
            command += [f"{name}={url.conninfo()}" for name, url in self.world.sources.items()]
            self._clients = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._writers = self.world.writers(self.rate, LONG, unified=unified)

    def commits(self, *, unified: bool) -> int:
        """Return how many transactions are committed on that side by now."""
        return self.world.commits(unified=unified)

    async def pauses(self) -> list[float]:
        """Return how long each client stood still, by its clock, and end pgbench."""
        self._end_writers()
        clients = self._clients
        if clients is None or clients.stdout is None:
            return []
        lines = [await asyncio.to_thread(clients.stdout.readline) for _ in self.world.sources]
        return [json.loads(line)["seconds"] for line in lines]

    def end(self) -> None:
        """End the clients, and pgbench."""
        self._end_writers()
        if self._clients is not None:
            self._clients.send_signal(signal.SIGTERM)
            self._clients.wait(60)

    def _end_writers(self) -> None:
        for writer in self._writers:  # refused by now: each has ended by itself, or is of no use any more
            writer.terminate()
            writer.communicate()
        self._writers = []
