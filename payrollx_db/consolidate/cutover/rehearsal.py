"""The rehearsal of a switch: what it would meet, and how long writers would wait, without letting anybody wait."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from psycopg import sql

from payrollx_db.consolidate.cutover.blockers import Blocker
from payrollx_db.consolidate.cutover.fence import who_blocks
from payrollx_db.consolidate.cutover.posts import Fenced
from payrollx_db.consolidate.cutover.switching import Limits
from payrollx_db.postgres.session import Endpoint, run, session

ROUND_TRIPS = 5  # that are measured, of which the median counts
# Round trips behind the fence, one after the other: the fence itself, the pass, sequences, places, gates, opening.
BEHIND_THE_FENCE = 30
A_KEY = 0.004  # seconds that a foreign key takes to be added NOT VALID, on a machine with something else to do
A_TABLE = 0.0005  # seconds that a table takes to be locked
SHORT = 0.5  # seconds: a transaction that is no older isn't worth a name


async def round_trip(endpoint: Endpoint) -> float:
    """Return how many seconds an answer takes. Raises SourceError or TargetError."""
    times = []
    async with session(endpoint) as connection:
        with endpoint.translating_errors("can't measure its round trip"):
            for _ in range(ROUND_TRIPS):
                began = time.monotonic()
                await run(connection, sql.SQL("SELECT"))
                times.append(time.monotonic() - began)
    return sorted(times)[ROUND_TRIPS // 2]


async def predict(databases: Sequence[Fenced], target: Endpoint, last_pass: float, keys: int) -> float:
    """Say for how many seconds writers would wait, given how long the last pass took and how many keys come back."""
    endpoints = [*(database.endpoint for database in databases), target]
    trips = await asyncio.gather(*map(round_trip, endpoints))
    tables = max((len(oids) for database in databases for oids in database.gates.values()), default=0)
    return last_pass + BEHIND_THE_FENCE * max(trips) + tables * A_TABLE + keys * A_KEY


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
