"""Reading what is recorded of a run, in one snapshot."""

from psycopg import sql

from payrollx_db.consolidate.state.records import Records
from payrollx_db.consolidate.state.references import LooseReference
from payrollx_db.consolidate.state.runs import Run, runs
from payrollx_db.errors import ConfigurationError, StateConflictError
from payrollx_db.model.finding import Finding
from payrollx_db.postgres.introspect import database_query
from payrollx_db.postgres.session import Connection, Endpoint, session
from payrollx_db.postgres.session import run as execute
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
    VerifiedSum,
    chosen,
)


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
                recorded = [known for known in await runs(connection) if catalog in ("", known.catalog)]
                run = _chosen_run(recorded, number)
                return await _facts(connection, target, run, verification)


def _chosen_run(recorded: list[Run], number: int | None) -> Run:
    if not recorded:
        raise StateConflictError("no run is recorded here", hint="payrollx-db copy makes one")
    for run in recorded:
        if number in (None, run.id):
            return run
    raise ConfigurationError(f"there is no run {number}", hint="payrollx-db status lists them")


async def _facts(connection: Connection, target: Endpoint, run: Run, verification: int | None) -> Facts:
    records = Records(connection, run.id)
    tables = await records.read(Account, "tables")
    verifications = await records.read(Verification, "verifications")
    if verification is not None:  # a report's own: what came later is not its matter
        verifications = tuple(one for one in verifications if one.id <= verification)
    one = chosen(verifications, len(tables))
    verified = await records.read(Verified, "verified_tables", verification=one.id) if one else ()
    return Facts(
        run,
        await _place(connection, target),
        await records.read(Source, "sources"),
        await records.read(Attempt, "attempts"),
        tables,
        await records.read(Part, "parts"),
        await records.read(Step, "steps"),
        await records.read(Finding, "findings"),
        await records.read(Kept, "quarantine"),
        verifications,
        one,
        verified,
        await records.read(LooseReference, "loose_references"),
        await records.read(VerifiedSum, "verified_sums", verification=one.id) if one else (),
    )


async def _place(connection: Connection, target: Endpoint) -> Place:
    ((system, dbname, _, version, encoding, *_rest),) = await execute(connection, sql.SQL(database_query()))
    return Place(dbname, system, target.url.masked, version, encoding)
