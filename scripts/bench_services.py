"""PayrollX's eight services in the online benchmark: its layout, its references and duplicates, its eight programs.

They are those of `demo_online`: an old client and a facade each, which keep a ledger of what was acknowledged to them.
How long each stood still is what its ledger says: from its last write on the one side to its first on the other.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from online_tables import SERVICES
from online_world import OnlineWorld

from payrollx_db.catalogs import registry
from payrollx_db.consolidate import online
from payrollx_db.consolidate.endpoints import endpoints, legacy_urls
from payrollx_db.consolidate.planner import Task
from payrollx_db.model.policy import Policies

EMPLOYEES = 100
POLICIES = ("drift=owner", "stranded=owner")
PATIENCE = 20.0  # seconds in which each service has to be on the other side


@dataclass
class EightServices:
    """The eight services, each of which writes ``rate`` times a second wherever it is let."""

    folder: Path
    rate: int
    _moves: dict[str, int] = field(default_factory=dict)  # how often each has moved

    async def make(self) -> None:
        """Make servers and databases, give the rights that are missing, and start the services."""
        self.world = OnlineWorld(self.folder, EMPLOYEES, self.rate)
        await asyncio.to_thread(self.world.make, lambda _: None)
        os.environ.update(self.world.environment)
        catalog = registry.find("payrollx")
        layout = registry.layout(catalog, "legacy")
        sources, target = endpoints(legacy_urls(layout, os.environ), self.world.unified, application_name="bench")
        self.task = Task(catalog, layout, sources, target, policies=Policies.read(POLICIES))
        for finding in (await online.check(self.task)).document()["findings"]:
            if finding["severity"] == "block":
                self.world.grant(finding["database"], finding["sql"])
        self.world.start_services()
        await _until(lambda: all(balance.last for balance in self.world.balances().values()), 60)

    def begin(self, *, unified: bool) -> None:
        """Nothing: each service writes all the time, to the side that lets it."""

    def commits(self, *, unified: bool) -> int:
        """Return how many writes were acknowledged on that side by now."""
        side = "new" if unified else "old"
        return sum(balance.writes[side] for balance in self.world.balances().values())

    async def pauses(self) -> list[float]:
        """Return how long each service stood still, once all of them write again. Raises TimeoutError."""

        def have_moved() -> bool:
            return all(len(b.pauses) > self._moves.get(name, 0) for name, b in self.world.balances().items())

        await _until(have_moved, PATIENCE)
        pauses = []
        for name, balance in self.world.balances().items():
            pauses += [until - since for since, until, _ in balance.pauses[self._moves.get(name, 0) :]]
            self._moves[name] = len(balance.pauses)
        return pauses

    def differences(self, side: str) -> list[str]:
        """Return the acknowledged writes that a side lacks, once the services are ended."""
        return [text for name in SERVICES for text in self.world.differences(name, side)]

    def end(self) -> None:
        """End the services."""
        self.world.stop_services()


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until ``condition`` holds. Raises TimeoutError where it takes longer."""
    async with asyncio.timeout(seconds):
        while True:
            if condition():
                return
            await asyncio.sleep(0.1)
