"""The rehearsal of a switch: what it would meet, and how long writers would wait, without letting anybody wait.

What takes most of the time behind the fence is tried: the last pass, as it is done there, and what is asked to settle
and to prove. What can't be tried without a lock is told by answers to the like, asked of all servers at once: a step is
so many of them, one after the other.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg import sql

from payrollx_db.consolidate.cutover.blockers import Blocker
from payrollx_db.consolidate.cutover.fence import who_blocks
from payrollx_db.consolidate.cutover.posts import Fenced
from payrollx_db.consolidate.cutover.switching import Limits, Switching
from payrollx_db.consolidate.follow import gate as gates
from payrollx_db.consolidate.follow.settler import Settler
from payrollx_db.consolidate.follow.trying import try_out
from payrollx_db.postgres.replication.publications import barrier as put_barrier
from payrollx_db.postgres.sequences import read_sequences
from payrollx_db.postgres.session import Connection, run, session

TRIES = 3  # of which the median counts
# Steps that are done at once: only the longest of each counts.
AT_ONCE = {"cutover": (("settle", "sequences"), ("prove", "keys", "way back")), "rollback": (("drain", "sequences"),)}
A_KEY = 0.001  # seconds that a foreign key takes to be added NOT VALID
A_TABLE = 0.0005  # seconds that a table takes to be locked
TOUCHED = 500  # keys that wait for the fence to be settled, beside those of the last pass
SHORT = 0.5  # seconds: a transaction that is no older isn't worth a name

Tried = tuple[Connection, Fenced]


@dataclass(frozen=True)
class Answers:
    """How many seconds it takes until all servers that are asked at once have answered: a question of nothing, one of
    the catalogs, one of the sequences, a commit in their logs, and one in the recorded state.
    """

    plain: float
    catalog: float
    sequences: float
    commit: float
    record: float

    def of_cutover(self, keys: int) -> dict[str, float]:
        """Return how long the steps of a cutover take that aren't tried; so many foreign keys come back."""
        return {
            "fence": self.plain + self.catalog,
            "sequences": self.sequences + self.catalog + self.record,
            "prove": self.catalog,  # most of it is done with settling
            "keys": 3 * self.catalog + self.record + A_KEY * keys,
            "way back": self.commit + self.catalog,
            "gates": max(self.record, 2 * self.catalog) + self.commit,
            "check the gates": max(self.record, self.catalog),
            "open": self.catalog + self.record,
        }

    def of_rollback(self) -> dict[str, float]:
        """Return the same of a rollback."""
        return {
            "fence": self.plain + self.catalog,
            "sequences": 2 * self.sequences + self.catalog,
            "way forward": self.commit + self.record,
            "gates": 2 * self.catalog + self.record,
            "open": 2 * self.catalog,
        }


async def answers(switching: Switching, databases: Sequence[Fenced]) -> Answers:
    """Measure how long answers take. Raises SourceError or TargetError."""
    context = switching.context
    # Those that are opened are asked too, as they are behind the fence.
    asked = {fenced.name: fenced for fenced in (*databases, *(line.fenced() for line in switching.lines))}
    async with AsyncExitStack() as stack:
        opening = (stack.enter_async_context(session(fenced.endpoint)) for fenced in asked.values())
        tried = list(zip(await asyncio.gather(*opening), asked.values(), strict=True))
        return Answers(
            await _median(lambda: _each(tried, _nothing)),
            await _median(lambda: _each(tried, _catalog)),
            await _median(lambda: _each(tried, _sequences)),
            await _median(lambda: _each(tried, _commit)),
            await _median(lambda: context.session.commit(())),
        )


async def _median(work: Callable[[], Awaitable[object]]) -> float:
    times = []
    for _ in range(TRIES):
        began = time.monotonic()
        await work()
        times.append(time.monotonic() - began)
    return sorted(times)[TRIES // 2]


async def _each(tried: Sequence[Tried], work: Callable[[Connection, Fenced], Awaitable[object]]) -> None:
    async def one(connection: Connection, fenced: Fenced) -> None:
        with fenced.endpoint.translating_errors("can't measure how long an answer takes"):
            await work(connection, fenced)

    await asyncio.gather(*(one(*each) for each in tried))


async def _nothing(connection: Connection, _: Fenced) -> None:
    await run(connection, sql.SQL("SELECT"))


async def _catalog(connection: Connection, fenced: Fenced) -> None:
    for gate, oids in fenced.gates.items():
        await gates.stands(connection, gate, oids)
        break


async def _sequences(connection: Connection, fenced: Fenced) -> None:
    await read_sequences(connection, {oid for oids in fenced.gates.values() for oid in oids})


async def _commit(connection: Connection, _: Fenced) -> None:
    await put_barrier(connection, "rehearsal")


async def predict(
    switching: Switching, databases: Sequence[Fenced], settler: Settler | None, keys: int
) -> dict[str, float]:
    """Say for how many seconds writers would wait in each step; ``keys`` is how many foreign keys come back.

    Does a pass as the last one is done. Without ``settler``, nothing is settled. Raises as a pass does.
    """
    began = time.monotonic()
    passed = await switching.passes(barrier=True)
    steps = {"drain": time.monotonic() - began}
    known = await answers(switching, databases)
    if settler is not None:
        steps |= known.of_cutover(keys) | await try_out(settler, TOUCHED + sum(one.keys for one in passed))
    else:
        steps |= known.of_rollback()
    steps["fence"] += A_TABLE * max(
        (len(oids) for database in databases for oids in database.gates.values()), default=0
    )
    return steps


def total(action: str, steps: Mapping[str, float]) -> float:
    """Return how long writers would wait in all: some steps are done at once."""
    groups = [[steps.get(name, 0.0) for name in group] for group in AT_ONCE[action]]
    return sum(steps.values()) - sum(sum(group) - max(group) for group in groups)


async def lasting_blockers(databases: Sequence[Fenced]) -> tuple[Blocker, ...]:
    """Return who is in the way for longer than a moment: not the short transactions of services."""
    now = datetime.now(UTC)
    found = await who_blocks(databases)
    return tuple(b for b in found if b.is_prepared or b.since is None or (now - b.since).total_seconds() > SHORT)


def refusals_of(limits: Limits, predicted: float, last_pass: float, blockers: Sequence[Blocker]) -> list[str]:
    """Say why the switch would be refused now; nothing where it wouldn't."""
    texts = []
    if last_pass > limits.max_lag:
        texts.append(f"the last pass took {last_pass:.2f} s, and --max-lag allows {limits.max_lag:g} s")
    if predicted > limits.max_stop:
        texts.append(f"writers would wait for about {predicted:.2f} s, and --max-stop allows {limits.max_stop:g} s")
    return texts + [f"in the way: {blocker}" for blocker in blockers]
