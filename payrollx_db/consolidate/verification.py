"""A verification: the rows of both sides, the target's structure, and where its sequences stand; and its record."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.quarantine import apply
from payrollx_db.consolidate.state import accounts, history, quarantine, structures
from payrollx_db.consolidate.state.lock import exclusive
from payrollx_db.consolidate.state.migrations import migrate
from payrollx_db.consolidate.state.runs import runs
from payrollx_db.consolidate.state.unfinished import find_unfinished_async, refuse_unfinished
from payrollx_db.consolidate.verify.sequences import check_sequences
from payrollx_db.consolidate.verify.structure import StructureVerdict, findings_of, unknown_design
from payrollx_db.consolidate.verify.verifier import Verdict, Verifier
from payrollx_db.errors import StateConflictError
from payrollx_db.model.events import StageStarted

GRAVITY = ("error", "warn", "info")


@dataclass(frozen=True)
class Asked:
    """What is asked of a verification: how many differing rows to name of a table, and whether to show their values.

    ``structure`` says whether the structure is compared too (``None``: of those tables that a finished run has filled).
    """

    limit: int = 20
    values: bool = False
    structure: bool | None = None


async def verify_plan(context: Context, plan: Plan, asked: Asked) -> Verdict:
    """Compare both sides of ``plan``, and record the outcome with the runs that it speaks of.

    To read, the login's own rights must be enough; to record, it acts as the owner of the tables, where it may.
    Raises SourceError or TargetError, or FindingsError where a source value can't be converted at all.
    """
    started = time.monotonic()
    reading = replace(context, target=context.target_as_given)
    async with context.sessions.session(reading.target) as connection:
        run = await find_unfinished_async(connection, {table.target.schema for table in plan.tables})
        refuse_unfinished(run, reading.target.url.masked, "verified", plan.catalog)
        numbers = [run.id for run in await runs(connection) if run.status != "undone"]
        plan = apply(plan, await quarantine.decisions(connection, numbers))
    context.observer(StageStarted("verify", "hashing both sides"))
    kept_rows = quarantine.kept_rows(numbers) if numbers else None
    verdict = await Verifier(reading, asked.limit, asked.values, kept_rows).all(plan)
    if asked.structure is not False:
        verdict = replace(verdict, structure=await verify_structure(reading, plan.tables))
    await history.record_verification((context.target, reading.target), verdict, started, context.observer)
    return verdict


async def accept_structure(context: Context, plan: Plan) -> list[int]:
    """Record the structure of the target's tables as it is now, as what verify holds it against from now on.

    Returns the numbers of the finished runs with which it is recorded. Raises StateConflictError where no finished run
    has filled any of these tables, or another run is at work; TargetError.
    """
    async with exclusive(context.target) as session:
        with context.target.translating_errors("can't record the structure"):
            if await runs(session.connection):
                await migrate(session)
                async with session.transaction() as connection:
                    if numbers := await structures.accept_structure(connection, plan.tables):
                        return numbers
    raise StateConflictError(
        "no finished run has filled these tables, so there is nothing to record their structure with",
        hint="payrollx-db status shows the runs",
    )


async def verify_structure(context: Context, tables: Sequence[TablePlan]) -> StructureVerdict | None:
    """Compare the structure of the tables that finished runs have filled with what these runs recorded.

    ``None`` where there is no such table. Raises SourceError or TargetError.
    """
    context.observer(StageStarted("verify", "the structure"))
    async with context.sessions.session(context.target) as connection:
        with context.target.translating_errors("can't compare the structure"):
            ready = await accounts.done_tables(connection)
            filled = [table for table in tables if table.target_name in ready]
            if not filled:
                return None
            changes, unknown = await structures.structure_changes(connection, filled)
    findings = findings_of(changes.recorded, changes.current, ready, migrated=changes.migrated)
    findings += unknown_design(unknown)
    findings += await check_sequences(context, filled)
    findings.sort(key=lambda finding: (GRAVITY.index(finding.severity), finding.code, finding.place, finding.message))
    names = {table.target_name for table in filled}
    return StructureVerdict(tuple(findings), changes.compared, len(names), tuple(sorted(unknown)))
