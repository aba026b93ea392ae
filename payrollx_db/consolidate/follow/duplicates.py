"""Duplicate tables while they are followed: not written, compared with their owners' when both are at known moments."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from psycopg import sql

from payrollx_db.consolidate.check.duplicates import compare_duplicates
from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.follow.hooks import Sessions
from payrollx_db.consolidate.follow.naming import keys_by_text
from payrollx_db.consolidate.follow.settle import MOST, Followed
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import held
from payrollx_db.consolidate.state.quarantine import Decision
from payrollx_db.model.finding import Finding
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.session import Connection, run

Keys = Mapping[str, Mapping[str, Sequence[Key]]]


class Touched(Protocol):
    """What was touched: keys by database and table, and tables of which any row may have been."""

    @property
    def keys(self) -> Keys:
        """The keys."""

    @property
    def whole(self) -> frozenset[tuple[str, str]]:
        """The tables, each with its database."""


async def settle_duplicates(
    context: RunContext, reading: Context, plan: Plan, followed: Mapping[str, Followed], touched: Touched | None
) -> tuple[Finding, ...]:
    """Compare duplicate tables with their owners', and let the policies decide; return what was found.

    ``reading`` has the sessions that read at the moments that count. With ``touched``, only rows are compared that were
    on either side; all where any of a table may have been. What is decided replaces what was decided about these rows
    before. Raises SourceError or TargetError.
    """
    among = None if touched is None or _is_whole(plan, touched) else touched_rows(plan, followed, touched.keys)
    if not plan.merges or (among is not None and not any(among.values())):
        return ()
    drifted = await compare_duplicates(reading, plan, context.policies, most=MOST, among=among)
    duplicates = {table.source_name: table for table in plan.merges}
    decisions = [*drifted.decisions, *await _owners_are_out(plan, followed, duplicates, among)]
    if among is not None and not decisions and not await _are_held(context, among):
        return drifted.findings  # as mostly, and writers may be waiting
    with context.target.translating_errors("can't record what was decided about duplicates"):
        async with context.transaction() as connection:
            for name, table in duplicates.items():
                if among is None or among.get(name):
                    mine = [decision for decision in decisions if decision.source == name]
                    rows = None if among is None else among[name]
                    await _record(connection, context.run, followed, table, mine, rows)
    return drifted.findings


async def _are_held(context: RunContext, rows: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether anything was decided before about one of these rows."""
    with context.target.translating_errors("can't read what was decided about duplicates"):
        async with context.sessions.session(context.target) as connection:
            return await held.any_among(connection, rows)


def _is_whole(plan: Plan, touched: Touched) -> bool:
    """Tell whether any row of a duplicate table, or of its owner's, may have been touched."""
    names = {(database, t.source.full_name) for t in plan.merges for database in (t.database, t.owner)}
    return any(place in touched.whole for place in names)


def touched_rows(plan: Plan, followed: Mapping[str, Followed], keys: Keys) -> dict[str, list[str]]:
    """Return by duplicate table the keys of rows that were touched there or in its owner's table."""
    rows: dict[str, dict[str, None]] = {}
    for table in plan.merges:
        mine = rows.setdefault(table.source_name, {})
        for database in (table.database, table.owner or ""):
            one = followed.get(database)
            for watched in one.flow.watched if one else ():
                if watched.table.name == table.source.name:
                    some = keys.get(database, {}).get(watched.table.full_name, ())
                    mine.update(dict.fromkeys(keys_by_text(watched, table, some)))
    return {name: list(texts) for name, texts in rows.items()}


async def _owners_are_out(
    plan: Plan,
    followed: Mapping[str, Followed],
    duplicates: Mapping[str, TablePlan],
    among: Mapping[str, Sequence[str]] | None,
) -> list[Decision]:
    """Decide about rows of duplicate tables whose owner's row is in quarantine: there is nothing to merge them with."""
    decisions = []
    for name, table in duplicates.items():
        owner = next((t for t in plan.copies if (t.database, t.target_name) == (table.owner, table.target_name)), None)
        if owner is None or owner.database not in followed or table.database not in followed or not table.source_key:
            continue
        out = set(followed[owner.database].judge.held(owner.source_name))
        if among is not None:
            out &= set(among.get(name, ()))
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            table.source_key, table.from_clause, table.among(sorted(out))
        )
        for (key,) in await run(followed[table.database].reader, query) if out else ():
            decisions.append(Decision(name, key, "row", "descendant", "quarantine", "", f"{owner.source_name} {key}"))
    return decisions


async def _record(
    connection: Connection,
    run: int,
    followed: Mapping[str, Followed],
    table: TablePlan,
    decisions: Sequence[Decision],
    among: Sequence[str] | None,
) -> None:
    """Record, in the current transaction, what was decided about one duplicate table's rows; forget the rest."""
    one = followed.get(table.database)
    if one is None:
        return
    name = table.source_name
    if among is None:
        known = await held.held_keys(connection, [name])
        await held.forget(connection, name, known.get(name, set()))
    else:
        await held.forget(connection, name, among)
    if decisions:
        fresh = list({decision.key: decision for decision in reversed(decisions)}.values())
        number = one.judge.runs.get(name, run)  # before the first proof, no run has an account of a duplicate
        await held.hold(connection, number, fresh)
        await one.judge.keep_rows(Sessions(one.reader, connection), table, [each.key for each in fresh], number)
