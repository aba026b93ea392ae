"""Prisma's own bookkeeping in a legacy database: migrations that failed or never finished."""

from psycopg import sql

from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.postgres.session import Endpoint, run
from payrollx_db.postgres.session_pool import SessionPool

COLUMNS_OF = """
SELECT attname::text FROM pg_catalog.pg_attribute
WHERE attrelid = pg_catalog.to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""


async def unfinished(sessions: SessionPool, endpoint: Endpoint, schema: str) -> list[Finding]:
    """Find migrations that failed or never finished: the schema may be half of two. Raises SourceError."""
    table = sql.Identifier(schema, "_prisma_migrations")
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read its migrations"):
            columns = await run(connection, sql.SQL(COLUMNS_OF), (table.as_string(None),))
            if not {"migration_name", "started_at", "finished_at", "rolled_back_at"} <= {name for (name,) in columns}:
                return []  # there is none, or it is a table of somebody else's that happens to be called so
            query = sql.SQL(
                "SELECT migration_name FROM {} WHERE finished_at IS NULL AND rolled_back_at IS NULL ORDER BY started_at"
            ).format(table)
            names = [row[0] for row in await run(connection, query)]
    if not names:
        return []
    place = f"{endpoint.name}.{schema}._prisma_migrations"
    message = "failed or unfinished migration; settle it with prisma migrate resolve"
    return [Finding("prisma-unfinished", "block", place, len(names), message, tuple(names[:EXAMPLES]))]
