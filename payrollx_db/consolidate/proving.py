"""A proof while services write: all sources held at the moments that the target equals, settled, and compared."""

import asyncio
from collections.abc import Container, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.follow.duplicates import settle_duplicates
from payrollx_db.consolidate.follow.follower import Follower, Held
from payrollx_db.consolidate.follow.judging import RowJudge
from payrollx_db.consolidate.follow.settle import Followed, arrivals, settle
from payrollx_db.consolidate.follow.snapshots import SnapshotPool, export
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import accounts, touched
from payrollx_db.consolidate.verification import Asked, verify_plan
from payrollx_db.consolidate.verify.verifier import TableVerdict, Verdict
from payrollx_db.errors import SourceError, StateConflictError, TargetError
from payrollx_db.model.events import Notice, StageStarted
from payrollx_db.model.finding import Finding, Severity
from payrollx_db.postgres.replication.connection import lsn_text

LOCK_NOT_AVAILABLE = "55P03"
ATTEMPTS = 10
PAUSE = 0.3  # seconds in which the one that waits gets its turn


async def prove_all(context: RunContext, plan: Plan, followers: Sequence[Follower], asked: Asked) -> Verdict:
    """Settle and compare all that these followers, which are connected, bring over; record what is proven from where.

    A service that empties a table waits for the snapshot that is held, and what reads under it for the service: then
    the snapshot is let go, and all begins anew. Raises FindingsError, StateConflictError, SourceError or TargetError.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await _prove_once(context, plan, followers, asked)
        except (SourceError, TargetError) as error:
            if error.sqlstate != LOCK_NOT_AVAILABLE or attempt == ATTEMPTS:
                raise
            context.observer(Notice("a table was wanted by somebody else meanwhile: comparing anew"))
            await asyncio.sleep(PAUSE)
    raise AssertionError  # the last attempt returns or raises


async def _prove_once(context: RunContext, plan: Plan, followers: Sequence[Follower], asked: Asked) -> Verdict:
    judges = {follower.flow.name: _judge(follower) for follower in followers}
    plan = replace(plan, tables=tuple(table for table in plan.tables if _is_held(table, judges)))
    await _let_join(context, plan, followers, judges)
    async with AsyncExitStack() as stack:
        held = {f.flow.name: await stack.enter_async_context(f.holding()) for f in followers}
        followed = {f.flow.name: Followed(f.flow, judges[f.flow.name], held[f.flow.name].reader) for f in followers}
        exported = {follower.flow.read: await export(held[follower.flow.name]) for follower in followers}
        sessions = await stack.enter_async_context(SnapshotPool(exported))
        reading = replace(context, sessions=sessions)
        context.observer(StageStarted("verify", "what points at nothing, and duplicate tables"))
        settled = await settle(context, plan, followed)
        drifted = await settle_duplicates(context, reading, plan, followed, None)
        found = tuple(map(_told, (*settled.findings, *drifted)))
        verdict = await verify_plan(reading, plan, replace(asked, findings=found))
        await _record(context, verdict, held, judges)
    return verdict


async def _let_join(
    context: RunContext, plan: Plan, followers: Sequence[Follower], judges: Mapping[str, RowJudge]
) -> None:
    """Let rows that wait, or clashed with another one, try again, before anything is counted."""
    async with AsyncExitStack() as stack:
        held = {f.flow.name: await stack.enter_async_context(f.holding()) for f in followers}
        followed = [Followed(f.flow, judges[f.flow.name], held[f.flow.name].reader) for f in followers]
        joining = await arrivals(context, plan, followed, others=True)
    if joining:
        for follower in followers:
            await follower.one_pass()


async def _record(
    context: RunContext, verdict: Verdict, held: Mapping[str, Held], judges: Mapping[str, RowJudge]
) -> None:
    """Record for each database whose tables are identical up to which place that is so; and what was merged."""
    wrong = {table.table.database for table in verdict.tables if not table.identical}
    with context.target.translating_errors("can't record what was proven"):
        async with context.transaction() as connection:
            for name, holding in held.items():
                if name not in wrong:
                    await touched.begin_proof(connection, name, lsn_text(holding.passed.place), holding.passed.snapshot)
                else:
                    await touched.forget_proof(connection, name)
            for table in verdict.tables:
                if table.table.owner is not None:
                    await accounts.update_account(connection, context.run, table.table, **_merged(table))
    for name, holding in held.items():
        if name not in wrong:
            judges[name].tracking.begin(lsn_text(holding.passed.place))


def _is_held(table: TablePlan, names: Container[str]) -> bool:
    """Tell whether a table, and its owner's where it is a duplicate, is of databases that are held."""
    return table.database in names and (table.owner is None or table.owner in names)


def _merged(verdict: TableVerdict) -> dict[str, object]:
    """Return the account of a duplicate table: each of its rows is merged, or in quarantine."""
    kept = verdict.kept.left_rows if verdict.kept else 0
    return {
        "rows_read": verdict.result.left_rows + kept,
        "rows_merged": verdict.result.matched,
        "rows_written": 0,
        "rows_quarantined": kept,
        "bytes": 0,
        "seconds": verdict.seconds,
        "status": "done",
    }


def _told(finding: Finding) -> Finding:
    """Return a finding as a verification answers it: an error where it keeps the services from moving."""
    decided: Severity = "info" if finding.severity == "block" else finding.severity
    return replace(finding, severity="error" if finding.blocks else decided)


def _judge(follower: Follower) -> RowJudge:
    if not isinstance(follower.judge, RowJudge):
        raise StateConflictError(f"rows of {follower.flow.name} are followed without being judged")
    return follower.judge
