"""Who is in the way: where a lock wasn't to be had in time, the error names those who have it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from psycopg import sql

from payrollx_db.errors import PayrollxError
from payrollx_db.postgres import query_files
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.session import Endpoint, run, session
from payrollx_db.postgres.sqlstates import LOCK_NOT_AVAILABLE

queries = query_files.beside(__name__)


@asynccontextmanager
async def blockers_named(endpoints: Iterable[Endpoint]) -> AsyncIterator[None]:
    """Let an error of this block about a lock say who has, or waits for, an exclusive lock at these endpoints."""
    try:
        yield
    except PayrollxError as error:
        if error.sqlstate == LOCK_NOT_AVAILABLE:
            locks = await asyncio.gather(*(_exclusive_locks(endpoint) for endpoint in endpoints))
            error.details = (*error.details, *(line for lines in locks for line in lines))
        raise


async def _exclusive_locks(endpoint: Endpoint) -> list[str]:
    with suppress(*DRIVER_ERRORS, PayrollxError):  # the error to report is the one about the lock
        async with session(endpoint) as connection:
            rows = await run(connection, sql.SQL(queries.load("exclusive_locks")), ())
            return [f"{endpoint.name}: {line}" for (line,) in rows]
    return []
