"""What became of the source's rows since an earlier session of this run copied them.

A part remembers its snapshot. A row whose `xmin` isn't visible in that snapshot was inserted or updated after it, and
rows that are gone show in the count. This warns, and proves nothing: `verify` compares the rows themselves.
"""

from collections.abc import Mapping
from functools import partial

from psycopg import sql

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.plan.mapping import TablePlan, from_item
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.retrying import retry_transient
from payrollx_db.model.events import Notice
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import query_files
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.session import run

queries = query_files.beside(__name__)


async def find_changes(
    context: RunContext, plan: Plan, recorded: Mapping[tuple[str, str], tuple[int, str]]
) -> list[Finding]:
    """Compare tables that are in with their sources as they are now, and tell what has changed.

    ``recorded`` has, by source and target, how many rows a table had and the snapshot under which it was read.
    Returns a finding ``changed`` for each table that has. Raises SourceError.
    """
    done = [table for table in plan.copies if table.place in recorded and table.source.kind != "f"]

    async def one(table: TablePlan) -> Finding | None:
        work = partial(_compare, context, table, *recorded[table.place])
        return await retry_transient(work, table.source_name, context.observer)

    findings = [finding for finding in await limited([one(table) for table in done], context.jobs) if finding]
    for finding in findings:
        context.observer(Notice(f"{finding.place} {finding.message}; what came after isn't in the target"))
    return findings


async def _compare(context: RunContext, table: TablePlan, count: int, snapshot: str) -> Finding | None:
    query = sql.SQL(queries.load("changed")).format(source=from_item(table.source), snapshot=sql.Literal(snapshot))
    endpoint = context.sources[table.database]
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't look at {table.source.full_name} again"):
            now, new = (await run(connection, query))[0]
    if (now, new) == (count, 0):
        return None
    what = f"{new:,} rows were inserted or updated, and of {count:,} rows it has {now:,}"
    message = f"has changed since this run copied it: {what}"
    return Finding("changed", "warn", table.source_name, max(new, abs(now - count)), message)
