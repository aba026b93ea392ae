"""Which service of `chaos_online.py` is written where, what may be done next, and what has to be so then.

A service is in its legacy database, in the unified one, or in that for good. Nothing here asks the tool: what it has
recorded, and what its gates do, is looked at from outside.
"""

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import psycopg
from chaos_site import Failure, Site, rows

SERVICES = {"market": "oldmarket", "desk": "olddesk"}
PROBES = {
    "market": ("INSERT INTO marks VALUES (-1)", "INSERT INTO market.marks VALUES (-1)"),
    "desk": ("UPDATE tickets SET id = id WHERE false", "UPDATE desk.tickets SET id = id WHERE false"),
}
OURS = {
    "slots": "SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE 'payrollx%'",
    "publications": "SELECT pubname FROM pg_publication WHERE pubname LIKE 'payrollx%'",
}
GATES = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'payrollx_moved'"
STUCK = "SELECT count(DISTINCT key) FROM payrollx_meta.stuck WHERE source = 'public.orders'"
UNFIT = "SELECT count(*) FROM market.orders WHERE state = 'RETURNED'"
SINGLE, COMPLETED = 0.5, 0.35  # how often a service is moved alone, and how often it is completed


@dataclass(frozen=True)
class Move:
    """A change of sides of some services: ``cutover``, ``rollback`` or ``complete``."""

    action: str
    services: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.action} {' '.join(self.services)}"

    @property
    def words(self) -> tuple[str, ...]:
        """How it is called. All of them need no option."""
        named = () if set(self.services) == set(SERVICES) else tuple(f"--service={name}" for name in self.services)
        return (self.action, "--yes", *named)


@dataclass
class Sides:
    """Where the services are. ``moved`` write to the unified database, ``completed`` for good."""

    site: Site
    dice: random.Random
    alone: bool = False
    completes: bool = False
    moved: set[str] = field(default_factory=set)
    completed: set[str] = field(default_factory=set)

    @property
    def followed(self) -> list[str]:
        """The services that are followed in either direction."""
        return [name for name in SERVICES if name not in self.completed]

    @property
    def done(self) -> bool:
        """Tell whether there is nothing left to move."""
        return not self.followed

    def choose(self) -> Move:
        """Choose what is to be done next."""
        open_ = [name for name in self.followed if name in self.moved]
        closed = [name for name in self.followed if name not in self.moved]
        if self.completes and open_ and self.dice.random() < COMPLETED:
            return Move("complete", self._some(open_))
        if closed and (not open_ or self.dice.random() < 0.5):
            return Move("cutover", self._some(closed))
        return Move("rollback", self._some(open_))

    def _some(self, services: list[str]) -> tuple[str, ...]:
        if self.alone and self.dice.random() < SINGLE:
            return (self.dice.choice(services),)
        return tuple(services)

    def done_with(self, move: Move) -> None:
        """Note that a move went well, and look whether its services are as they must be then. Raises Failure."""
        if move.action == "complete":
            self.completed.update(move.services)
        elif move.action == "cutover":
            self.moved.update(move.services)
        else:
            self.moved.difference_update(move.services)
        if wrong := list(self._wrong(move.services)):
            raise Failure(f"after {move}: " + "; ".join(wrong))

    def compare(self) -> None:
        """Look at all gates, and hold both sides against each other, once everything is followed.

        Raises Failure, as `Site.compare`, and where rows are stuck wrongly.
        """
        if wrong := list(self._wrong(SERVICES)):
            raise Failure("; ".join(wrong))
        self.site.compare(self.moved - self.completed, self.completed)
        if "market" in self.completed or not rows(self.site.goal, "SELECT to_regclass('payrollx_meta.stuck')")[0][0]:
            return
        stuck, unfit = rows(self.site.goal, STUCK)[0][0], rows(self.site.goal, UNFIT)[0][0]
        if stuck != unfit or (unfit and "market" not in self.moved):
            raise Failure(f"{unfit} orders don't fit into the legacy table, and {stuck} are stuck; {self.moved} moved")

    def _wrong(self, services: Collection[str]) -> Iterator[str]:
        stages = self.site.stages()
        for service in services:
            database = SERVICES[service]
            stage = stages.get(database, "following")
            if stage not in self._stages(service):
                yield f"{database} is {stage}"
            old, new = PROBES[service]
            closed = service in self.moved
            if self._writable(self.site.urls[database], old) == closed:
                yield f"{database} is {'open' if closed else 'closed'}"
            if self._writable(self.site.goal, new) != closed:
                yield f"{service} is {'closed' if closed else 'open'} in the unified database"
        if "market" not in self.moved and (unfit := rows(self.site.goal, UNFIT)[0][0]):
            yield f"{unfit} stuck orders were left behind"
        if self.done:
            yield from self._left_over()

    def _stages(self, service: str) -> Collection[str]:
        if service in self.completed:
            return ("complete",)
        return ("open",) if service in self.moved else ("following", "back")

    def _left_over(self) -> Iterator[str]:
        for url in (self.site.goal, *self.site.urls.values()):
            for kind, query in OURS.items():
                if left := rows(url, query):
                    yield f"{kind} of ours are left: {left}"
        if left := rows(self.site.goal, GATES):
            yield f"gates are left in the unified database: {left}"

    @staticmethod
    def _writable(url: object, statement: str) -> bool:
        try:
            rows(url, f"BEGIN; {statement}; ROLLBACK")  # type: ignore[arg-type]
        except psycopg.errors.ReadOnlySqlTransaction:
            return False
        return True
