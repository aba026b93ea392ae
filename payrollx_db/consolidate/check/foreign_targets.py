"""Target tables that are foreign, or partly: refused before anything asks the other server for a row."""

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import run

queries = query_files.beside(__name__)

# Its rows would be committed elsewhere, and not together with what the run records of them.
MESSAGE = (
    "foreign: the copy can't write rows to another server and prove it; detach such a partition, put a plain table in"
    " the place of such a table, or leave it out of the layout"
)


async def foreign_targets(context: Context, plan: Plan) -> list[Finding]:
    """Name the target tables that lie on another server, or have partitions there. Raises TargetError."""
    tables = {table.target.oid: table.target_name for table in plan.copies}
    async with context.sessions.session(context.target) as connection:
        with context.target.translating_errors("can't read its tables"):
            rows = await run(connection, sql.SQL(queries.load("foreign_targets")), {"tables": list(tables)})
    return [
        Finding("foreign-table", "block", f"{context.target.name}.{tables[oid]}", len(names), MESSAGE, names[:EXAMPLES])
        for oid, names in ((oid, tuple(names)) for oid, names in rows)
    ]
