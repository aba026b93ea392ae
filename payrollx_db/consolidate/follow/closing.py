"""The unified database while it follows: its foreign keys down, its triggers silent, its tables closed to all others.

A pass brings one database to a snapshot, whatever the others are at, and a parent may be another database's: so foreign
keys are enforced again only when it is settled what has no parent. Triggers have fired where the rows were written. All
of it is recorded as a copy's own is, so that whatever ends a run brings it back.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from psycopg import sql

from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.copy import foreign_keys, triggers
from payrollx_db.consolidate.copy.indexes import LOCK_TIMEOUT
from payrollx_db.consolidate.copy.restoring import restore_dropped
from payrollx_db.consolidate.copy.rows import in_groups
from payrollx_db.consolidate.copy.selection import read_facts
from payrollx_db.consolidate.follow import gate as gates
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.gate import Gate
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state.unrestored import Unrestored
from payrollx_db.postgres.introspect import ForeignKey, read_database
from payrollx_db.postgres.session import run


async def close(context: RunContext, flows: Sequence[Flow]) -> None:
    """Take foreign keys down, silence triggers and close the gates of all tables that ``flows`` write.

    What is so already stays so. Raises TargetError where a table is in use.
    """
    names = {move.name for flow in flows for move in flow.moves}
    keys = await _keys(context, flows)
    for group in in_groups(keys, foreign_keys.GROUP):
        async with context.transaction() as connection:
            await foreign_keys.drop_keys(connection, context.target, context.run, group)
    await triggers.leave_out(context, names, updates=True)
    for flow in flows:
        await _close_gate(context, Gate.of_target(flow.name), [move.table.oid for move in flow.moves])


async def reopen(
    context: Context, session: RunSession, databases: Iterable[str], runs: Collection[int]
) -> tuple[Unrestored, ...]:
    """Remove the gates of these databases, and restore what the runs have dropped; return what can't be restored."""
    for database in databases:
        async with session.transaction() as connection:
            with context.target.translating_errors(f"can't open the tables of {database}"):
                await gates.remove(connection, Gate.of_target(database))
    left: list[Unrestored] = []
    for number in sorted(runs):
        left += await restore_dropped(context.of_run(number, session))
    return tuple(left)


async def _keys(context: RunContext, flows: Sequence[Flow]) -> list[ForeignKey]:
    """Return the foreign keys that leave or reach the written tables, but for those that wouldn't come back."""
    plans = [move.plan for flow in flows for move in flow.moves if move.plan is not None]
    with context.target.translating_errors("can't read the foreign keys"):
        facts = await read_facts(context.connection, plans)
        database = await read_database(context.connection, context.target.name, context.target.schemas)
    keys = {(key.table, key.name): key for key in database.foreign_keys}
    return [
        replace(keys[fact.key], comment=fact.comment, parent=fact.parent)
        for fact in facts.keys
        if not fact.fixed and fact.key in keys
    ]


async def _close_gate(context: RunContext, gate: Gate, oids: Sequence[int]) -> None:
    async with context.transaction() as connection:
        with context.target.translating_errors("can't close its tables"):
            if await gates.is_closed(connection, gate) is None:
                await run(connection, gate.open())
    for group in in_groups(oids, foreign_keys.GROUP):
        async with context.transaction() as connection:
            with context.target.translating_errors("can't close its tables"):
                await connection.execute(
                    sql.SQL("SELECT pg_catalog.set_config('lock_timeout', {}, true)").format(LOCK_TIMEOUT)
                )
                await gates.attach(connection, gate, group)
    async with context.transaction() as connection:
        with context.target.translating_errors("can't close its tables"):
            await run(connection, gate.close())
