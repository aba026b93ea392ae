"""Loose references, counted in the target when all rows are in: how many rows point at something that isn't there.

No constraint holds them, so the copy carries orphans over as they are. Each is one join of two indexed tables there,
so that they are always counted: a report that didn't would call rows in order that nobody has looked at.
"""

from psycopg import sql

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.plan.destination import Scope, condition
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.retrying import retry_transient
from payrollx_db.consolidate.state.references import LooseReference, record_loose_references
from payrollx_db.errors import PayrollxError
from payrollx_db.model.catalog import Reference
from payrollx_db.model.events import Notice
from payrollx_db.postgres import query_files
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Table
from payrollx_db.postgres.session import run

queries = query_files.beside(__name__)


async def count_loose_references(context: RunContext, plan: Plan) -> tuple[LooseReference, ...]:
    """Count the loose references from and to the tables of ``plan``, several at once, and record them with the run.

    One that can't be counted is recorded as that, with the reason; it is no reason for a copy to fail.
    """
    targets = {table.target_name for table in plan.copies}
    loose = [r for r in plan.catalog.references if not r.enforced and {r.table, r.target_table} & targets]
    counted = tuple(await limited([_counted(context, plan, reference) for reference in loose], context.jobs))
    async with context.transaction() as connection:
        await record_loose_references(connection, context.run, counted)
    if wrong := [one for one in counted if one.orphans]:
        rows = sum(one.orphans or 0 for one in wrong)
        places = f"{len(wrong)} loose reference{'s' if len(wrong) > 1 else ''}"
        context.observer(Notice(f"{rows:,} rows point at nothing, in {places}: payrollx-db report names them"))
    return counted


async def _counted(context: RunContext, plan: Plan, reference: Reference) -> LooseReference:
    child, parent = (plan.target.tables.get(name) for name in (reference.table, reference.target_table))
    if child is None or parent is None:
        absent = reference.table if child is None else reference.target_table
        return LooseReference(str(reference), problem=f"{absent} is not in this database")
    query = _query(reference, child, parent, plan)

    async def count() -> LooseReference:
        async with context.sessions.session(context.target) as connection:
            with context.target.translating_errors(f"can't count {reference}"):
                ((rows, orphans),) = await run(connection, query)
        return LooseReference(str(reference), rows, orphans)

    try:
        return await retry_transient(count, str(reference), context.observer)
    except PayrollxError as error:
        context.observer(Notice(f"{error.message}: the copy goes on without"))
        return LooseReference(str(reference), problem=error.message)


def _query(reference: Reference, child: Table, parent: Table, plan: Plan) -> sql.Composable:
    pairs = list(zip(reference.columns, reference.target_columns, strict=True))
    complete = sql.SQL(" AND ").join(sql.SQL("c.{} IS NOT NULL").format(sql.Identifier(here)) for here, _ in pairs)
    if scopes := _scopes(reference, plan):
        listed = sql.SQL(" OR ").join(sql.SQL("({})").format(condition(scope, "c")) for scope in scopes)
        complete = sql.SQL("{} AND ({})").format(complete, listed)
    pairs += _same_scope(reference, plan)
    same = sql.SQL(" AND ").join(_equal(child, here, parent, there) for here, there in pairs)
    return sql.SQL(queries.load("count_orphans")).format(
        child=sql.Identifier(child.schema, child.name),
        parent=sql.Identifier(parent.schema, parent.name),
        complete=complete,
        same=same,
    )


def _scopes(reference: Reference, plan: Plan) -> list[Scope]:
    """Return the scopes of the child's rows that are this run's: by its own tables, or by those of its parents."""
    if children := plan.copies_by_target.get(reference.table, ()):
        return list(dict.fromkeys(table.scope for table in children if table.scope))
    there = dict(zip(reference.target_columns, reference.columns, strict=True))
    parents = [table for table in plan.copies_by_target.get(reference.target_table, ()) if table.scope]
    if not all(column in there for table in parents for column in table.destination.columns):
        return []
    return [tuple(sorted((there[column], constant) for column, constant in table.scope)) for table in parents]


def _same_scope(reference: Reference, plan: Plan) -> list[tuple[str, str]]:
    """Return the columns of a scope that both ends have, where the reference doesn't say them itself."""
    ends = (plan.copies_by_target.get(name, ()) for name in (reference.table, reference.target_table))
    columns = [{table.destination.columns for table in tables} for tables in ends]
    if len(columns[0]) != 1 or columns[0] != columns[1]:
        return []
    return [(name, name) for name in columns[0].pop() if name not in reference.target_columns]


def _equal(child: Table, here: str, parent: Table, there: str) -> sql.Composable:
    """Return the condition that both ends are equal; of different types, as text, as in the check."""
    ends = (sql.SQL("c.{}").format(sql.Identifier(here)), sql.SQL("p.{}").format(sql.Identifier(there)))
    one, other = child.column(here), parent.column(there)
    alike = (
        one is not None
        and other is not None
        and (one.type.schema, one.type.name) == (other.type.schema, other.type.name)
    )
    text = "{} = {}" if alike else "{}::text = {}::text"
    return sql.SQL(text).format(*ends)
