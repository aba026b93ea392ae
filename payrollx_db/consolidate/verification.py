"""A verification: the rows of both sides, the target's structure, and where its sequences stand; and its record."""

import difflib
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.copy.sequences import free_expectations
from payrollx_db.consolidate.opening import opened, planned
from payrollx_db.consolidate.plan.destination import Destination, overlapping
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.planner import Task
from payrollx_db.consolidate.quarantine import apply
from payrollx_db.consolidate.state import accounts, history, quarantine, structures
from payrollx_db.consolidate.state.lock import exclusive
from payrollx_db.consolidate.state.migrations import migrate
from payrollx_db.consolidate.state.parts import Place
from payrollx_db.consolidate.state.runs import runs
from payrollx_db.consolidate.state.unfinished import find_unfinished_async, refuse_unfinished
from payrollx_db.consolidate.state.unrestored import Unrestored
from payrollx_db.consolidate.state.verified import VerifiedSoFar
from payrollx_db.consolidate.verify.scopes import find_unknown_scopes
from payrollx_db.consolidate.verify.sequences import BEHIND, check_sequences
from payrollx_db.consolidate.verify.source_design import compare_with_sources
from payrollx_db.consolidate.verify.structure import (
    GONE,
    ON_PURPOSE,
    StructureVerdict,
    ends_of,
    findings_of,
    unknown_design,
)
from payrollx_db.consolidate.verify.sums import sum_columns
from payrollx_db.consolidate.verify.uncovered import find_uncovered
from payrollx_db.consolidate.verify.verifier import TableVerdict, Verdict, Verifier
from payrollx_db.errors import ConfigurationError, StateConflictError
from payrollx_db.model.events import Notice, StageStarted
from payrollx_db.model.finding import Finding
from payrollx_db.postgres.sequences import setting_position
from payrollx_db.postgres.session import Connection
from payrollx_db.postgres.structure import StructureObject, plain_name

GRAVITY = ("error", "warn", "info")


@dataclass(frozen=True)
class Asked:
    """What is asked of a verification: how many differing rows to name of a table, and whether to show their values.

    ``structure`` says whether the structure is compared too (``None``: of those tables that a finished run has filled;
    with ``True``, that of the others is compared with their sources').
    ``tables`` are the only ones to look at, by the name of the target or of the source; empty for all. ``sums`` says
    whether number columns are added up on both sides, which reads their tables once more. With ``anew``, nothing is
    taken over from a verification that was cut off. ``findings`` are what was found before about rows, to be answered
    with the others.
    """

    limit: int = 20
    values: bool = False
    structure: bool | None = None
    tables: tuple[str, ...] = ()
    sums: bool = False
    anew: bool = False
    findings: tuple[Finding, ...] = ()


async def verify(
    task: Task,
    *,
    limit: int = 20,
    values: bool = False,
    structure: bool | None = None,
    tables: Collection[str] = (),
    sums: bool = False,
    anew: bool = False,
) -> Verdict:
    """Prove that both sides hold the same and that the target's structure is as designed; record it with the run.

    ``limit`` is how many differing rows are named of each table, ``values`` shows them. ``structure`` says whether the
    structure is looked at; by default that of the tables that finished runs have filled. ``tables`` are the only ones
    to look at, by the name of either side; ``sums`` adds up the number columns of both sides. What a verification that
    was cut off has found identical is taken over, but for ``anew``. Raises as `plan` does, LayoutMismatchError,
    ConfigurationError where there is no such table.
    """
    async with opened(task) as context:
        plan = await planned(replace(context, target=context.target_as_given), task)
        asked = Asked(limit, values, structure, tuple(tables), sums=sums, anew=anew)
        return await verify_plan(context, plan, asked)


async def accept_structure(task: Task) -> list[int]:
    """Record the target's structure as it is now, as what `verify` holds it against from now on.

    Returns the numbers of the finished runs with which it is recorded. Raises as `plan` does, LayoutMismatchError, or
    StateConflictError where no finished run has filled these tables or another run is at work.
    """
    async with opened(task) as context:
        return await _accept(context, await planned(context, task))


async def verify_plan(
    context: Context, plan: Plan, asked: Asked, earlier: dict[Place, TableVerdict] | None = None
) -> Verdict:
    """Compare both sides of ``plan``, and record the outcome with the runs that it speaks of.

    ``earlier`` are verdicts that hold still: their tables aren't read again, and others that are identical join them as
    they come, so that they are there where this raises.

    To read, the login's own rights must be enough; to record, it acts as the owner of the tables, where it may.
    Raises SourceError or TargetError, or FindingsError where a source value can't be converted at all.
    """
    started = time.monotonic()
    reading = replace(context, target=context.target_as_given)
    async with context.sessions.session(reading.target) as connection:
        finished, unfinished = await _finished_scopes(connection, plan, reading.target.url.masked)
        numbers = [run.id for run in await runs(connection) if run.status != "undone"]
        plan = apply(plan, await quarantine.decisions(connection, numbers))
        scoped = {table.target_name for table in plan.tables if table.scope}
        known = await accounts.known_destinations(connection, scoped) if scoped else set()
    tables = [table for table in choose_tables(plan, asked.tables) if table.destination in finished]
    context.observer(StageStarted("verify", "hashing both sides"))
    so_far = await _load_so_far(context, plan, tables, numbers, anew=asked.anew)
    kept_rows = quarantine.kept_rows(numbers) if numbers else None
    earlier = {} if earlier is None else earlier

    async def keep(verdicts: Sequence[TableVerdict]) -> None:
        earlier.update((verdict.table.place, verdict) for verdict in verdicts if verdict.identical)
        await so_far.keep(verdicts)

    verifier = Verifier(reading, asked.limit, asked.values, kept_rows, {**so_far.known, **earlier}, keep)
    verdict = await verifier.all(plan, chosen={table.place for table in tables})
    targets = [(table.target.schema, table.target.name) for table in tables]
    uncovered = (
        *asked.findings, *unfinished, *await find_uncovered(reading, plan, targets),
        *await find_unknown_scopes(reading, tables, known),
    )  # fmt: skip
    verdict = replace(verdict, uncovered=uncovered)
    if asked.structure is not False:
        verdict = replace(
            verdict, structure=await verify_structure(reading, plan, tables, by_source=bool(asked.structure))
        )
    if asked.sums:
        verdict = replace(verdict, sums=await sum_columns(reading, replace(plan, tables=tuple(tables))))
    await history.record_verification((context.target, reading.target), verdict, started, context.observer)
    await so_far.forget([table.place for table in tables])
    return verdict


async def _finished_scopes(connection: Connection, plan: Plan, place: str) -> tuple[set[Destination], list[Finding]]:
    """Return what of ``plan`` is in no unfinished run, with a finding for each run whose scopes are left out.

    Raises StateConflictError where nothing would be left, or a run is not of scopes alone.
    """
    left = {table.destination for table in plan.tables}
    schemas = {table.target.schema for table in plan.tables}
    findings: list[Finding] = []
    while run := await find_unfinished_async(connection, schemas, left):
        out = set(overlapping(left, run.destinations))
        if not run.scopes or not out or out == left:
            refuse_unfinished(run, place, "verified", plan.catalog)
        left -= out
        message = f"not verified: {run}; {run.next_step(plan.catalog)}"
        findings.append(Finding("unfinished", "error", "; ".join(run.scopes), len(out), message))
    return left, findings


async def _load_so_far(
    context: Context, plan: Plan, tables: Sequence[TablePlan], numbers: Sequence[int], *, anew: bool
) -> VerifiedSoFar:
    """Return what a verification that was cut off has found identical, and say so."""
    so_far = VerifiedSoFar(context.sessions, context.target, plan, tuple(numbers))
    async with context.sessions.session(context.target_as_given) as connection:
        with context.target.translating_errors("can't read what was verified"):
            await so_far.load(connection, () if anew else tables)
    if so_far.since is not None:
        count = f"{len(so_far.known):,} of {len(tables):,} table pairs"
        context.observer(Notice(
            f"{count} were found identical by a verification that was cut off, since {so_far.since:%Y-%m-%d %H:%M %Z};"
            " they are not read again (--anew does)"
        ))  # fmt: skip
    return so_far


def choose_tables(plan: Plan, names: Collection[str]) -> list[TablePlan]:
    """Return the tables of ``plan`` that are called so: ``schema.table`` of either side, or with the legacy database.

    All where there are no names. Raises ConfigurationError where one names no table.
    """
    if not names:
        return list(plan.tables)
    called = [
        {table.source_name, table.source.full_name, table.target_name, str(table.destination)} for table in plan.tables
    ]
    known = sorted({name for names_of in called for name in names_of})
    for name in names:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, 1)
            guess = f"did you mean {nearest[0]}? " if nearest else ""
            raise ConfigurationError(f"the plan has no table {name}", hint=f"{guess}payrollx-db plan lists them")
    return [table for table, names_of in zip(plan.tables, called, strict=True) if names_of & set(names)]


async def _accept(context: Context, plan: Plan) -> list[int]:
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


async def verify_structure(
    context: Context, plan: Plan, tables: Sequence[TablePlan], *, by_source: bool = False
) -> StructureVerdict | None:
    """Compare the structure of the tables that finished runs have filled with what these runs recorded.

    With ``by_source``, that of all others with their sources': other tools may have filled them. ``None`` where there
    is nothing to compare. Raises SourceError or TargetError.
    """
    context.observer(StageStarted("verify", "the structure"))
    async with context.sessions.session(context.target) as connection:
        with context.target.translating_errors("can't compare the structure"):
            ready = await accounts.done_names(connection, {table.target_name for table in tables})
            filled = [table for table in tables if table.target_name in ready]
            changes, unknown = await structures.structure_changes(connection, filled)
            ready |= await accounts.done_names(connection, ends_of(changes.recorded))
            left_out = await structures.left_out(connection, {table.target_name for table in tables})
    looked_at = list(tables) if by_source else filled
    if not looked_at and not left_out:
        return None
    findings = _unrestored_findings(left_out, changes.recorded)
    findings += findings_of(changes.recorded, changes.current, ready, migrated=changes.migrated)
    compared = changes.compared
    if by_source:
        known = {table.target_name for table in filled} - unknown
        others = [table for table in tables if table.target_name not in known]
        by_design = await compare_with_sources(context, plan, others)
        findings += by_design.findings
        compared, unknown = compared + by_design.objects, set()
    findings += unknown_design(unknown)
    findings += await check_sequences(context, looked_at)
    findings += await _check_free_sequences(context, plan)
    findings.sort(key=_order)
    names = {table.target_name for table in looked_at}
    return StructureVerdict(tuple(findings), compared, len(names), tuple(sorted(unknown)))


def _unrestored_findings(left_out: Iterable[Unrestored], recorded: Iterable[StructureObject]) -> list[Finding]:
    """Say what runs have dropped and could not restore; not what is among the ``recorded``, of which that is said."""
    known = {(plain_name(thing.table), plain_name(thing.name)) for thing in recorded}
    return [
        Finding(
            GONE, "error", item.table, 1,
            f"{item.kind} {item.name} of {item.table} is gone: run {item.run} has dropped it, and could not restore it",
            remedy=ON_PURPOSE, sql=item.statement,
        )
        for item in left_out
        if (item.table, item.name) not in known
    ]  # fmt: skip


# What others need comes before them, where it is made again; foreign keys need the uniques of other tables.
FIRST = tuple(f"CREATE {word} " for word in ("SCHEMA", "TYPE", "DOMAIN", "OR REPLACE FUNCTION", "OR REPLACE PROCEDURE"))
SECOND = ("CREATE SEQUENCE ", "CREATE PUBLICATION ", "CREATE UNIQUE INDEX ")


def _order(finding: Finding) -> tuple[int, int, str, str, str]:
    """Order by gravity; of what can be made again, what others need comes before them."""
    needs = 0 if finding.sql.startswith(FIRST) else 1 if finding.sql.startswith(SECOND) else 2
    needs += " FOREIGN KEY " in finding.sql
    return (GRAVITY.index(finding.severity), needs, finding.code, finding.place, finding.message)


async def _check_free_sequences(context: Context, plan: Plan) -> list[Finding]:
    """Say which sequences that no column uses stand behind the source's. Raises SourceError or TargetError."""
    if not plan.free_sequences:
        return []
    async with context.sessions.session(context.target) as connection:
        expectations = await free_expectations(context, connection, plan)
    return [
        Finding(
            BEHIND, "error", expectation.sequence.full_name, 1, "stands behind the source's sequence",
            sql=setting_position(expectation.sequence, expectation.position),
        )
        for expectation in expectations
        if expectation.position is not None
    ]  # fmt: skip
