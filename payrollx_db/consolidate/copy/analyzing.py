"""The planner's statistics of tables of which runs fill one scope after another.

Each scope is a small part of a table that grows. To analyze it after each would read more than is copied; so it is
analyzed when it has grown by a share, as the server's own autovacuum does.
"""

from psycopg import sql

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import run

queries = query_files.beside(__name__)

SHARE = 0.1  # of its rows, as the server knows them; what it knows nothing of is analyzed


async def analyze_grown(context: RunContext, plan: Plan) -> None:
    """Analyze those tables of which this run has filled scopes that are a share of them. Raises TargetError."""
    tables = {table.target.oid: table.target for table in plan.copies if table.scope}
    if not tables:
        return
    parameters = {"run": context.run, "tables": list(tables), "share": SHARE}
    rows = await run(context.connection, sql.SQL(queries.load("grown_tables")), parameters)
    for (oid,) in rows:
        async with context.transaction() as connection:
            with context.target.translating_errors(f"can't analyze {tables[oid].full_name}"):
                await run(connection, sql.SQL("ANALYZE {}").format(tables[oid].identifier))
