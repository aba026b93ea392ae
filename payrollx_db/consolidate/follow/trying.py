"""How long settling and proving take behind a fence: tried on some rows of each table, with nothing decided.

What is asked is what a switch asks, in the same scripts and sessions; what is answered doesn't matter, since the
sources go on being written.
"""

import time
from collections.abc import Mapping, Sequence

from psycopg import sql

from payrollx_db.consolidate.check.duplicates import compare_duplicates
from payrollx_db.consolidate.follow.duplicates import touched_rows
from payrollx_db.consolidate.follow.flow import Watched
from payrollx_db.consolidate.follow.settle import MOST, Followed, ask, leading_of
from payrollx_db.consolidate.follow.settler import Keys, Seen, Settler, prove
from payrollx_db.consolidate.plan.mapping import ROW, from_item
from payrollx_db.consolidate.state.touched import Touched
from payrollx_db.postgres.concurrency import background
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.session import run


async def try_out(settler: Settler, count: int) -> dict[str, float]:
    """Return how many seconds the step ``settle`` would take, with its proof, with about ``count`` touched keys.

    Changes nothing. Raises SourceError or TargetError.
    """
    await settler.prepare()
    context, plan = settler.context, settler.plan
    async with settler.reading() as followed:
        keys = await _some_keys(followed, count)
        began = time.monotonic()
        seen = Seen(keys, await leading_of(followed.values(), Touched(keys)))
        async with background(prove(context, plan, followed, seen)) as proving:
            with context.target.translating_errors("can't settle what was followed"):
                await ask(context, plan, followed, seen.leading)
            among = touched_rows(plan, followed, keys)
            if any(among.values()):
                await compare_duplicates(context, plan, context.policies, most=MOST, among=among)
            if proving is not None:
                await proving
        return {"settle": time.monotonic() - began}


async def _some_keys(followed: Mapping[str, Followed], count: int) -> Keys:
    """Return keys that are there, about as many of each table."""
    tables = sum(len(one.flow.watched) for one in followed.values())
    each = max(1, count // max(1, tables))
    return {
        name: {watched.table.full_name: await _first_keys(one, watched, each) for watched in one.flow.watched}
        for name, one in followed.items()
    }


async def _first_keys(one: Followed, watched: Watched, count: int) -> Sequence[Key]:
    names = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(ROW, name)) for name in watched.key_names)
    query = sql.SQL("SELECT {} FROM {} LIMIT {}").format(names, from_item(watched.table), sql.Literal(count))
    with one.flow.read.translating_errors("can't read some keys"):
        return await run(one.reader, query)
