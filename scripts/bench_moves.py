"""Moves while services write: how long clients stand still in a cutover and a rollback, and what a copy costs then.

The pauses are those that the clients see, by a clock of theirs, in a process of their own.
"""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench_world import BenchWorld, rows

from payrollx_db.consolidate import moving, online, pipeline
from payrollx_db.consolidate.cutover.outcome import Rehearsed, Switched
from payrollx_db.consolidate.cutover.switching import Limits

HERE = Path(__file__).resolve().parent
LIMITS = Limits(max_stop=60.0, max_lag=60.0)
COPYING = 100  # transactions a second of each source while it is copied
LONG = 600  # seconds that writers write at most, until they are refused


@dataclass
class Moves:
    """What was measured of moves: at ``rate`` transactions a second of each source, ``rounds`` there and back."""

    world: BenchWorld
    rate: int
    rounds: int
    results: dict[str, Any] = field(default_factory=dict)

    # -- cutover and rollback ----------------------------------------------------------------------------

    async def switches(self) -> None:
        """Copy, follow, and cut over and roll back several times, while all sources are written."""
        task = self.world.task
        await pipeline.copy(replace(task, following=True))
        clients = self._clients()
        seen: dict[str, list[dict[str, Any]]] = {"cutover": [], "rollback": []}
        try:
            for _ in range(self.rounds):
                for action, rounds in seen.items():
                    rounds.append(await self._switch(action, clients))
        finally:
            clients.send_signal(signal.SIGTERM)
            clients.wait(60)
        for action, rounds in seen.items():
            pauses = [seconds for one in rounds for seconds in one["pauses"]]
            self.results[action] = {
                "median": statistics.median(pauses), "worst": max(pauses), "rounds": rounds,
                "predicted": [round(one["predicted"] / one["own"], 2) for one in rounds],
            }  # fmt: skip

    async def _switch(self, action: str, clients: "subprocess.Popen[str]") -> dict[str, Any]:
        """Do one switch under load; return what clients and command say of it."""
        writers = self.world.writers(self.rate, LONG, unified=action == "rollback")
        try:
            await self._follow(3.0)
            load = os.getloadavg()[0]
            rehearsed, switched = await self._move(action)
        finally:
            for writer in writers:  # refused by now: each has ended by itself, or is of no use any more
                writer.terminate()
                writer.wait()
        pauses = await asyncio.to_thread(_pauses, clients, len(self.world.sources))
        return {
            "pauses": pauses, "own": round(switched.stop, 3), "keys": switched.keys, "predicted": rehearsed.predicted,
            "seconds": {name: round(seconds, 3) for name, seconds in switched.seconds.items()},
            "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        }  # fmt: skip

    async def _move(self, action: str) -> tuple[Rehearsed, Switched]:
        if action == "cutover":
            rehearsed = await moving.rehearse_cutover(self.world.task, LIMITS)
            return rehearsed, await moving.cutover(self.world.task, LIMITS)
        rehearsed = await moving.rehearse_rollback(self.world.task, LIMITS)
        return rehearsed, await moving.rollback(self.world.task, LIMITS)

    async def _follow(self, seconds: float) -> None:
        """Follow for a while, in whatever direction."""
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, stop.set)
        await online.follow(self.world.task, stop=stop)

    def _clients(self) -> "subprocess.Popen[str]":
        command = [sys.executable, str(HERE / "bench_clients.py"), "--new", self.world.unified.conninfo()]
        command += [f"{name}={url.conninfo()}" for name, url in self.world.sources.items()]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    # -- copying under load ------------------------------------------------------------------------------

    async def copies(self) -> None:
        """Copy at rest and while services write, in turn; see how much longer it takes, and what writers lose."""
        taken: dict[str, list[float]] = {"at rest": [], "under load": []}
        lost: list[float] = []
        for _ in range(self.rounds):
            taken["at rest"].append(await self._copy())
            began, before = time.monotonic(), self._commits()
            writers = self.world.writers(COPYING, LONG)
            await asyncio.sleep(2)
            base = (self._commits() - before) / (time.monotonic() - began)
            began, before = time.monotonic(), self._commits()
            taken["under load"].append(await self._copy())
            during = (self._commits() - before) / (time.monotonic() - began)
            lost.append(1 - during / base if base else 0.0)
            for writer in writers:
                writer.send_signal(signal.SIGINT)
            await asyncio.to_thread(_wait, writers)
        at_rest, under_load = statistics.median(taken["at rest"]), statistics.median(taken["under load"])
        self.results["copy"] = {
            "at rest": taken["at rest"], "under load": taken["under load"], "ratio": under_load / at_rest,
            "lost": statistics.median(lost), "all lost": lost,
        }  # fmt: skip

    async def _copy(self) -> float:
        """Copy into an empty target, with slots and publications, and take these away again."""
        began = time.monotonic()
        await pipeline.copy(replace(self.world.task, following=True))
        seconds = time.monotonic() - began
        await online.drop_following(self.world.task)
        self.world.empty()
        return seconds

    def _commits(self) -> int:
        """Return how often the largest tables were written: each of the writers' transactions does so once."""
        query = 'SELECT sum("retryCount") FROM payroll_items'
        return sum(int(rows(url, query)[0][0]) for url in self.world.sources.values())


def _pauses(clients: "subprocess.Popen[str]", count: int) -> list[float]:
    """Return how long each of so many clients stood still in the last move."""
    if clients.stdout is None:
        return []
    return [json.loads(clients.stdout.readline())["seconds"] for _ in range(count)]


def _wait(writers: Sequence["subprocess.Popen[str]"]) -> None:
    for writer in writers:
        writer.communicate()
