"""Bringing over what has changed while nobody read the log: both sides are compared, and what differs joins a pass.

That is so when a slot is new: the changes between the copy's snapshots, or the place where the last slot was lost, and
the new one's beginning are in no log that can be read. Comparing needs no common moment with the pass: whatever changes
after the slot was made, the pass hears of, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from psycopg import sql

from payrollx_db.consolidate.check.values import scan_values
from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.follow.flow import Move
from payrollx_db.consolidate.follow.follower import Follower
from payrollx_db.consolidate.follow.judging import RowJudge
from payrollx_db.consolidate.follow.keys import canonical_among
from payrollx_db.consolidate.follow.naming import key_of_text
from payrollx_db.consolidate.follow.work import Further
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import flows as state
from payrollx_db.consolidate.verify.verifier import TableVerdict, Verifier
from payrollx_db.errors import PayrollxError
from payrollx_db.model.events import Notice
from payrollx_db.postgres import sqlstates
from payrollx_db.postgres.compare import Difference
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.session import run

MOST = 100_000  # rows of a table that differ, beyond which all of its rows are brought over


async def bring_differences(context: RunContext, plan: Plan, followers: Sequence[Follower]) -> None:
    """Compare both sides of the flows that are to be resynchronised, and bring over what differs.

    Raises as `Follower.one_pass`.
    """
    recorded = {flow.database: flow.status for flow in await state.flows(context.connection, "forward")}
    due = [follower for follower in followers if recorded.get(follower.flow.name) == state.RESYNC]
    if not due:
        return
    moves = {move.plan.place: move for f in due for move in f.flow.moves if move.plan is not None}
    tables = tuple(move.plan for move in moves.values() if move.plan is not None)
    context.observer(Notice(f"comparing {len(tables)} table pairs, to bring over what differs"))
    verdicts, incomparable = await _compare(context, plan, tables)
    for follower in due:
        mine = [v for v in verdicts if v.table.database == follower.flow.name]
        further = await _further(context, moves, mine)
        further.whole.update(table.source.oid for table in incomparable if table.database == follower.flow.name)
        for oid, keys in _held(follower).items():
            further.keys.setdefault(oid, []).extend(keys)
        try:
            await follower.connect()
            passed = await follower.one_pass(barrier=True, further=further)
            while passed.partial:
                passed = await follower.one_pass(barrier=True)
        finally:
            await follower.close()
        async with context.transaction() as connection:
            await connection.execute("SET LOCAL synchronous_commit = on")
            await state.set_status(connection, (follower.flow.name, follower.flow.direction), state.FOLLOWING)


def _held(follower: Follower) -> dict[int, list[Key]]:
    """Return the keys of rows in quarantine: comparing leaves them out, and what became of them is in no log."""
    judge = follower.judge
    if not isinstance(judge, RowJudge):
        return {}
    keys: dict[int, dict[Key, None]] = {}
    for move in follower.flow.moves:
        for text in judge.held(move.plan.source_name) if move.plan is not None else ():
            if move.plan is not None and (key := key_of_text(move.source, move.plan, text)) is not None:
                keys.setdefault(move.source.table.oid, {})[key] = None
    return {oid: list(some) for oid, some in keys.items()}


async def _compare(
    context: RunContext, plan: Plan, tables: Sequence[TablePlan]
) -> tuple[Sequence[TableVerdict], list[TablePlan]]:
    """Compare these tables; return what was found, and those that can't be compared.

    These have values by now that can't be converted, which only a pass decides about. Services go on writing such ones
    meanwhile, so it is tried anew without the tables that have some.
    """
    incomparable: list[TablePlan] = []
    while True:
        rest = tuple(table for table in tables if table not in incomparable)
        try:
            verdict = await Verifier(context, limit=MOST).all(replace(plan, tables=rest), "follow")
        except PayrollxError as error:
            if not sqlstates.may_be_of_a_row(error.sqlstate):
                raise
            scanned = [(await scan_values(context, table)).dirty for table in rest]
            odd = [table for table, dirty in zip(rest, scanned, strict=True) if dirty]
            if not odd:  # gone again, or no value's fault: then all rows are brought over, if they can be
                return (), list(tables)
            incomparable += odd
        else:
            return verdict.tables, incomparable


async def _further(
    context: RunContext, moves: Mapping[tuple[str, str], Move], verdicts: Sequence[TableVerdict]
) -> Further:
    further = Further()
    for verdict in verdicts:
        result, move, table = verdict.result, moves[verdict.table.place], verdict.table
        if result.identical:
            continue
        few = (
            len(result.differences) >= result.missing + result.extra + result.changed and table.key is not table.columns
        )
        if not few:
            further.whole.add(table.source.oid)
            continue
        there = [d for d in result.differences if d.kind != "extra"]
        further.keys.setdefault(table.source.oid, []).extend(await _source_keys(context, move, table, there))
        surplus: list[Mapping[str, str | None]] = [d.key for d in result.differences if d.kind == "extra"]
        if surplus:
            further.surplus[move.name] = surplus
    return further


async def _source_keys(
    context: RunContext, move: Move, table: TablePlan, differences: Sequence[Difference]
) -> list[Key]:
    """Return the source's keys of rows that are named by what their keys become."""
    if not differences:
        return []
    source = context.sources[table.database]
    condition = canonical_among({c.target.name: table.canonical(c) for c in table.key}, [d.key for d in differences])
    names = sql.SQL(", ").join(sql.SQL("s.{}::text").format(sql.Identifier(c.name)) for c in move.source.key)
    query = sql.SQL("SELECT {} FROM {} WHERE {}").format(names, table.from_clause, condition)
    async with context.sessions.session(source) as connection:
        with source.translating_errors("can't read the keys of the rows that differ"):
            rows = await run(connection, query)
    return [tuple(row) for row in rows]
