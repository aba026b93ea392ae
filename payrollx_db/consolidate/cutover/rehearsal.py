"""The rehearsal of a switch: what it would meet, and how long writers would wait, without letting anybody wait.

What takes most of the time behind the fence is tried: the last pass, as it is done there, and what is asked to settle
and to prove. What can't be tried without a lock is told by how long an answer takes while all servers are asked.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from psycopg import sql

from payrollx_db.consolidate.cutover.blockers import Blocker
from payrollx_db.consolidate.cutover.fence import who_blocks
from payrollx_db.consolidate.cutover.posts import Fenced
from payrollx_db.consolidate.cutover.switching import Limits, Switching
from payrollx_db.consolidate.follow.settler import Settler
from payrollx_db.consolidate.follow.trying import try_out
from payrollx_db.postgres.session import Endpoint, run, session

ANSWERS = 5  # that are measured, of which the median counts
# Answers that each of the other steps waits for, one after the other, as they are named when they are done.
CUTOVER = {"fence": 2, "sequences": 8, "way back": 5, "gates": 8, "check the gates": 6, "open": 7}
ROLLBACK = {"fence": 2, "sequences": 8, "way forward": 16, "gates": 6, "open": 8}
SIDE_BY_SIDE = (("settle", "sequences"), ("prove", "keys"))
A_KEY = 8  # answers' time for a foreign key to be added NOT VALID
A_TABLE = 0.0005  # seconds that a table takes to be locked
TOUCHED = 500  # keys that wait for the fence to be settled, beside those of the last pass
SHORT = 0.5  # seconds: a transaction that is no older isn't worth a name


async def answer_time(endpoints: Sequence[Endpoint]) -> float:
    """Return how many seconds an answer takes while all of these are asked. Raises SourceError or TargetError."""

    async def one(endpoint: Endpoint) -> float:
        times = []
        async with session(endpoint) as connection:
            with endpoint.translating_errors("can't measure how long an answer takes"):
                for _ in range(ANSWERS):
                    began = time.monotonic()
                    await run(connection, sql.SQL("SELECT"))
                    times.append(time.monotonic() - began)
        return sorted(times)[ANSWERS // 2]

    return max(await asyncio.gather(*map(one, endpoints)))


async def predict(
    switching: Switching, databases: Sequence[Fenced], settler: Settler | None, keys: int
) -> dict[str, float]:
    """Say for how many seconds writers would wait in each step; ``keys`` is how many foreign keys come back.

    Does a pass as the last one is done. Without ``settler``, nothing is settled. Raises as a pass does.
    """
    began = time.monotonic()
    passed = await switching.passes(barrier=True)
    steps = {"drain": time.monotonic() - began}
    answer = await answer_time([*(database.endpoint for database in databases), switching.context.target])
    for step, answers in (CUTOVER if settler is not None else ROLLBACK).items():
        steps[step] = answers * answer
    steps["fence"] += A_TABLE * max(
        (len(oids) for database in databases for oids in database.gates.values()), default=0
    )
    if settler is not None:
        steps |= await try_out(settler, TOUCHED + sum(one.keys for one in passed))
        steps["keys"] = keys * A_KEY * answer
    return steps


def total(steps: Mapping[str, float]) -> float:
    """Return how long writers would wait in all: some steps are done side by side."""
    pairs = [[steps.get(name, 0.0) for name in pair] for pair in SIDE_BY_SIDE if set(pair) <= steps.keys()]
    return sum(steps.values()) - sum(min(pair) for pair in pairs)


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
