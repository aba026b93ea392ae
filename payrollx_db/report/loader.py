"""Reading what is recorded of a run, from the target's schema `payrollx_meta`, in one snapshot."""

from typing import Any, TypeVar

from psycopg import sql
from psycopg.rows import class_row

from payrollx_db.consolidate.state import store
from payrollx_db.consolidate.state.store import Run
from payrollx_db.errors import ConfigurationError, StateConflictError
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import database_query
from payrollx_db.postgres.session import Connection, Endpoint, run, session
from payrollx_db.report.model import (
    Account,
    Attempt,
    Facts,
    Kept,
    Part,
    Place,
    Source,
    Step,
    Verification,
    Verified,
    chosen,
)

queries = query_files.beside(__name__)

T = TypeVar("T")

NEWER = ("attempts", "steps", "verifications", "verified_tables")  # what older versions didn't record


async def read(
    target: Endpoint, number: int | None = None, *, verification: int | None = None, catalog: str = ""
) -> Facts:
    """Return the facts of run ``number`` (default: the newest) and of one of its verifications (default: `chosen`).

    With ``catalog``, only its runs count.

    Raises TargetError where they can't be read, ConfigurationError where there is no such run,
    StateConflictError where no run is recorded at all.
    """
    async with session(target) as connection:
        with target.translating_errors("can't read the recorded runs"):
            async with connection.transaction():
                await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                runs = [known for known in await store.runs(connection) if catalog in ("", known.catalog)]
                found = _chosen_run(runs, number)
                return await _facts(connection, target, found, verification)


def _chosen_run(runs: list[Run], number: int | None) -> Run:
    if not runs:
        raise StateConflictError("no run is recorded here", hint="payrollx-db copy makes one")
    for found in runs:
        if number in (None, found.id):
            return found
    raise ConfigurationError(f"there is no run {number}", hint="payrollx-db status lists them")


async def _facts(connection: Connection, target: Endpoint, found: Run, verification: int | None) -> Facts:
    old = [name for name in NEWER if not await _exists(connection, name)]

    async def rows(kind: type[T], name: str, **params: Any) -> tuple[T, ...]:
        if name in old:
            return ()
        cursor = connection.cursor(row_factory=class_row(kind))
        await cursor.execute(queries.load(name), {"run": found.id, **params})
        return tuple(await cursor.fetchall())

    tables = await rows(Account, "tables")
    verifications = await rows(Verification, "verifications")
    if verification is not None:  # a report's own: what came later is not its matter
        verifications = tuple(one for one in verifications if one.id <= verification)
    one = chosen(verifications, len(tables))
    verified = await rows(Verified, "verified", verification=one.id) if one else ()
    return Facts(
        found,
        await _place(connection, target),
        await rows(Source, "sources"),
        await rows(Attempt, "attempts"),
        tables,
        await rows(Part, "parts"),
        await rows(Step, "steps"),
        await rows(Finding, "findings"),
        await rows(Kept, "quarantine"),
        verifications,
        one,
        verified,
    )


async def _exists(connection: Connection, name: str) -> bool:
    query = sql.SQL("SELECT pg_catalog.to_regclass('payrollx_meta.' || {}) IS NOT NULL").format(sql.Literal(name))
    return bool((await run(connection, query))[0][0])


async def _place(connection: Connection, target: Endpoint) -> Place:
    ((system, dbname, _, version, *_rest),) = await run(connection, sql.SQL(database_query()))
    return Place(dbname, system, target.url.masked, version)
