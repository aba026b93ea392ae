"""A proof while services write: all sources held at the moments that the target equals, settled, and compared.

Where a service wants a table alone, the snapshots are let go, and another attempt is made. What was found identical
until then is kept: the keys that passes touch are noted from there on, and of such a table only these are compared
again. So each attempt has less to do, however often a service does that.

The first attempt reads in many sessions, which get in the queue behind who wants a table alone: then it is over. (To
lock all tables in all sessions before would let the service wait for all of a proof, which may take minutes.) The
others read in the sessions that hold the snapshots, and have the locks. They let the service wait for half a second,
and for longer from attempt to attempt, up to a few seconds: for as long as a pass and a comparison of a few keys take
where a machine is busy.
"""

import asyncio
from collections.abc import AsyncIterator, Container, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.follow.duplicates import settle_duplicates
from payrollx_db.consolidate.follow.follower import Follower, Held
from payrollx_db.consolidate.follow.judging import RowJudge
from payrollx_db.consolidate.follow.settle import ROUNDS, Followed, arrivals, leading_of, settle
from payrollx_db.consolidate.follow.settler import Seen, prove, refuse_differing, seen_since_proofs
from payrollx_db.consolidate.follow.snapshots import SnapshotPool, export
from payrollx_db.consolidate.follow.wanted import TableWantedError, unless_wanted
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import accounts, touched
from payrollx_db.consolidate.state.parts import Place
from payrollx_db.consolidate.state.touched import Touched
from payrollx_db.consolidate.verification import Asked, verify_plan
from payrollx_db.consolidate.verify.verifier import TableVerdict, Verdict
from payrollx_db.errors import SourceError, StateConflictError, TargetError
from payrollx_db.model.events import Notice, StageStarted
from payrollx_db.model.finding import Finding, Severity
from payrollx_db.postgres.replication.connection import lsn_text

LOCK_NOT_AVAILABLE = "55P03"
ATTEMPTS = 10
NARROWINGS = 3
FEW = 200  # touched keys, which may as well be looked at behind a fence
MOST = 10_000_000
SHORTEST_WAIT = 0.5  # seconds that a service waits for a table that it wants alone, at most
PAUSE = 0.3  # seconds in which the one that waits gets its turn


async def prove_all(context: RunContext, plan: Plan, followers: Sequence[Follower], asked: Asked) -> Verdict:
    """Settle and compare all that these followers, which are connected, bring over; record what is proven from where.

    Ends after `ATTEMPTS` in a row that have found no further table identical, because services wanted tables alone.
    Raises FindingsError, StateConflictError, SourceError or TargetError.
    """
    earlier: dict[Place, TableVerdict] = {}
    attempts = 0
    while True:
        known = len(earlier)
        try:
            return await _prove_once(context, plan, followers, asked, earlier, attempts)
        except TableWantedError as error:
            attempts = attempts + 1 if len(earlier) <= known else 1
            if attempts == ATTEMPTS:
                raise StateConflictError(
                    "services want tables alone (TRUNCATE, LOCK TABLE, DDL) more often than the others can be compared",
                    details=error.tables,
                    hint="call it again when that happens less often; what is followed stays as it is",
                ) from None
            wanted = ", ".join(error.tables) or "a table"
            context.observer(Notice(f"{wanted} was wanted by somebody else meanwhile: {len(earlier)} tables are done"))
            await asyncio.sleep(PAUSE)


async def narrow(context: RunContext, plan: Plan, followers: Sequence[Follower]) -> None:
    """Settle and compare what was touched since the last proof, and record that it holds: less is left to do later.

    Ends where little is left, or it doesn't get less. What keeps the services from moving is left to the fence, where
    all databases stand still: a row's parent may only come with another database's next pass. Raises FindingsError
    where rows differ, SourceError or TargetError.
    """
    judges = {follower.flow.name: _judge(follower) for follower in followers}
    before = MOST
    for _ in range(NARROWINGS):
        with context.target.translating_errors("can't read what was touched"):
            left = await touched.count_of(context.connection, judges)
        if left < FEW or left >= before or not await _narrow_once(context, plan, followers, judges):
            return
        before = left


async def _narrow_once(
    context: RunContext, plan: Plan, followers: Sequence[Follower], judges: Mapping[str, RowJudge]
) -> bool:
    """Do so once; return whether it is recorded."""
    try:
        async with _held(context, followers, judges) as (held, followed, reading):
            seen = await seen_since_proofs(context, followed)
            if seen is None:
                return False
            settled = await settle(context, plan, followed, seen.leading)
            drifted = await settle_duplicates(context, reading, plan, followed, seen)
            if any(finding.blocks for finding in (*settled.findings, *drifted)):
                return False
            refuse_differing(await prove(reading, plan, followed, seen))
            await _record(context, (), held, judges)
    except (SourceError, TargetError) as error:
        if error.sqlstate == LOCK_NOT_AVAILABLE:  # a service wants a table alone, and waits for us
            return False
        raise
    return True


async def _prove_once(
    context: RunContext,
    plan: Plan,
    followers: Sequence[Follower],
    asked: Asked,
    earlier: dict[Place, TableVerdict],
    attempts: int,
) -> Verdict:
    """Do so once, after so many attempts that were cut off.

    ``earlier`` are tables that were identical, and whose touched keys were noted since; it grows.

    Raises TableWantedError where the snapshots had to be let go, and as `prove_all`.
    """
    judges = {follower.flow.name: _judge(follower) for follower in followers}
    plan = replace(plan, tables=tuple(table for table in plan.tables if _is_held(table, judges)))
    await _let_join(context, plan, followers, judges)
    patience = SHORTEST_WAIT * max(1, attempts)
    async with _held(context, followers, judges, alone=attempts > 0) as (held, followed, reading):
        try:
            context.observer(StageStarted("verify", "what points at nothing, and duplicate tables"))
            settled = await settle(context, plan, followed)
            drifted = await settle_duplicates(context, reading, plan, followed, None)
            asked = replace(asked, findings=tuple(map(_told, (*settled.findings, *drifted))))
            seen = await _touched_since(context, followed, earlier)

            async def compare() -> Verdict:
                if seen is not None:
                    _forget(earlier, set(await prove(reading, plan, followed, seen)))
                return await verify_plan(reading, plan, asked, earlier)

            verdict = await unless_wanted(context, followed, patience, compare())
            await _record(context, verdict.tables, held, judges)
        except (SourceError, TargetError) as error:
            if error.sqlstate != LOCK_NOT_AVAILABLE:
                raise
            await _note_from_here(context, held, judges, earlier)
            raise TableWantedError(()) from error
        except TableWantedError:
            await _note_from_here(context, held, judges, earlier)
            raise
    return verdict


async def _touched_since(
    context: RunContext, followed: Mapping[str, Followed], earlier: dict[Place, TableVerdict]
) -> Seen | None:
    """Return what was touched of tables that were identical; forget those of which that isn't known key by key."""
    if any(one.judge.tracking.since is None for one in followed.values()):  # too much was touched to be noted
        earlier.clear()
    if not earlier:
        return None
    with context.target.translating_errors("can't read what was touched"):
        async with context.sessions.session(context.target) as connection:
            noted = await touched.of(connection, followed)
    names = {place: (verdict.table.database, verdict.table.source.full_name) for place, verdict in earlier.items()}
    for place, name in names.items():
        if name in noted.whole:
            del earlier[place]
    keys = {
        database: {name: some for name, some in by_table.items() if (database, name) in names.values()}
        for database, by_table in noted.keys.items()
    }
    return Seen(keys, await leading_of(followed.values(), Touched(keys)))


def _forget(earlier: dict[Place, TableVerdict], targets: Container[str]) -> None:
    """Forget the tables of which touched rows differ: they are compared whole, so that all that differs is named."""
    for place in [place for place, verdict in earlier.items() if verdict.table.target_name in targets]:
        del earlier[place]


async def _note_from_here(
    context: RunContext,
    held: Mapping[str, Held],
    judges: Mapping[str, RowJudge],
    earlier: dict[Place, TableVerdict],
) -> None:
    """Let the passes that follow note what they touch, where they don't already: no pass has been done since.

    Duplicate tables, and what they are compared with, concern rows of two databases: these are compared anew.
    """
    for place in [place for place, verdict in earlier.items() if verdict.table.owner or verdict.imported]:
        del earlier[place]
    new = [name for name in held if judges[name].tracking.since is None] if earlier else []
    if new:
        with context.target.translating_errors("can't note what is touched"):
            async with context.transaction() as connection:
                for name in new:
                    await touched.begin_noting(connection, name)
    for name in new:
        judges[name].tracking.begin(lsn_text(held[name].passed.place))


@asynccontextmanager
async def _held(
    context: RunContext, followers: Sequence[Follower], judges: Mapping[str, RowJudge], *, alone: bool = False
) -> AsyncIterator[tuple[dict[str, Held], dict[str, Followed], RunContext]]:
    """Hold snapshots of all sources that the target equals, and yield them with a context that reads under them.

    With ``alone``, it reads in no other sessions than those that hold them.
    """
    async with AsyncExitStack() as stack:
        held = {f.flow.name: await stack.enter_async_context(f.holding()) for f in followers}
        followed = {f.flow.name: Followed(f.flow, judges[f.flow.name], held[f.flow.name].reader) for f in followers}
        exported = {follower.flow.read: await export(held[follower.flow.name]) for follower in followers}
        readers = {follower.flow.read: held[follower.flow.name].reader for follower in followers} if alone else None
        sessions = await stack.enter_async_context(SnapshotPool(exported, readers))
        yield held, followed, replace(context, sessions=sessions)


async def _let_join(
    context: RunContext, plan: Plan, followers: Sequence[Follower], judges: Mapping[str, RowJudge]
) -> None:
    """Let rows that wait, or clashed with another one, try again, before anything is counted.

    One that comes may be what others wait for. Those that clashed have one try.
    """
    for attempt in range(ROUNDS):
        async with AsyncExitStack() as stack:
            held = {f.flow.name: await stack.enter_async_context(f.holding()) for f in followers}
            followed = [Followed(f.flow, judges[f.flow.name], held[f.flow.name].reader) for f in followers]
            joining = await arrivals(context, plan, followed, others=attempt == 0)
        if not joining:
            break
        for follower in followers:
            await follower.one_pass()


async def _record(
    context: RunContext, tables: Sequence[TableVerdict], held: Mapping[str, Held], judges: Mapping[str, RowJudge]
) -> None:
    """Record for each database whose tables are identical up to which place that is so; and what was merged."""
    wrong = {table.table.database for table in tables if not table.identical}
    with context.target.translating_errors("can't record what was proven"):
        async with context.transaction() as connection:
            for name, holding in held.items():
                if name not in wrong:
                    await touched.begin_proof(connection, name, lsn_text(holding.passed.place), holding.passed.snapshot)
                else:
                    await touched.forget_proof(connection, name)
            for table in tables:
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
