"""The story of a consolidation while services write, from top to bottom: follow, cut over, go back, complete.

Each public function is one thing that a person asks for, as in `pipeline`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from payrollx_db.consolidate.check.online.examine import examine
from payrollx_db.consolidate.check.online.readiness import OnlineCheck
from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.follow import closing, making, resync
from payrollx_db.consolidate.follow.backward import flows_back
from payrollx_db.consolidate.follow.beginning import read_flows
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.follower import Follower
from payrollx_db.consolidate.follow.following import PAUSES, catch_up, follow_all
from payrollx_db.consolidate.follow.handing_over import handing_over
from payrollx_db.consolidate.follow.identities import read_identities
from payrollx_db.consolidate.follow.judges import judges_of
from payrollx_db.consolidate.follow.lag import Backlog
from payrollx_db.consolidate.follow.ledger import RunLedger
from payrollx_db.consolidate.follow.making import Left, Made
from payrollx_db.consolidate.follow.monitor import Monitor, watched
from payrollx_db.consolidate.follow.renewing import renew_back
from payrollx_db.consolidate.follow.shapes import fingerprint
from payrollx_db.consolidate.follow.sides import followers_back, refuse_moved, split_by_direction
from payrollx_db.consolidate.opening import opened, planned
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.planner import Task, unfinished_run
from payrollx_db.consolidate.proving import prove_all
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state import accounts
from payrollx_db.consolidate.state import flows as state
from payrollx_db.consolidate.state.flows import FlowState
from payrollx_db.consolidate.state.lock import FOLLOW, exclusive
from payrollx_db.consolidate.state.migrations import migrate
from payrollx_db.consolidate.state.unrestored import Unrestored
from payrollx_db.consolidate.verification import Asked
from payrollx_db.consolidate.verify.verifier import Verdict
from payrollx_db.errors import ConfigurationError, LockLostError, PayrollxError, StateConflictError
from payrollx_db.model.events import Followed, Notice, Observer, StageStarted
from payrollx_db.model.finding import Finding, refuse
from payrollx_db.postgres.concurrency import is_set

LONG = 30.0  # seconds of following after which a loss is the first one again, and so tried again soon


@dataclass(frozen=True)
class FollowReport:
    """What a call of `follow` did: of each database the sums of its passes, and where its log has been brought to.

    ``handed_over`` names who has asked for the target meanwhile, so that following has ended.
    """

    databases: tuple[Followed, ...]
    flows: tuple[FlowState, ...]
    handed_over: str = ""

    def document(self) -> dict[str, Any]:
        """Return the report as plain data, for ``--json``."""
        recorded = {flow.database: flow.document() for flow in self.flows}
        sums = ("passes", "commits", "keys", "written", "deleted")
        databases = [
            {"database": d.database, **recorded.get(d.database, {}), **{name: getattr(d, name) for name in sums}}
            for d in self.databases
        ]
        return {"databases": databases, "handed_over": self.handed_over or None}


@dataclass(frozen=True)
class Dropped:
    """What `drop_following` could not drop on the sources, or restore in the target."""

    databases: tuple[str, ...]
    left: tuple[Left, ...]
    unrestored: tuple[Unrestored, ...]

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "databases": list(self.databases),
            "left": [item.document() for item in self.left],
            "unrestored": [item.document() for item in self.unrestored],
        }


async def check(task: Task) -> OnlineCheck:
    """Say what can be done with each legacy database while services write to it. Reads no row, changes nothing.

    Raises LayoutMismatchError where the layout doesn't fit, SourceError or TargetError.
    """
    async with opened(task) as context:
        plan = await planned(context, task)
        context.observer(StageStarted("check", "looking for what can be followed"))
        _, there = await read_flows(context, plan)
        targets = {table.target.oid: table.target for table in plan.copies}
        identities = await read_identities(context.sessions, context.target, list(targets.values()))
        _, back = flows_back(plan, context.sources, context.target, identities)
        return await examine(context, plan, there, back)


async def list_made(task: Task) -> tuple[tuple[Made, ...], tuple[Finding, ...]]:
    """Return what following makes in the sources, and what keeps tables from being followed. Changes nothing.

    Raises as `pipeline.plan` does, LayoutMismatchError.
    """
    async with opened(task) as context:
        flows, findings = await read_flows(context, await planned(context, task))
        return making.listing(flows), findings


async def follow(
    task: Task,
    *,
    once: bool = False,
    anew: bool = False,
    stop: asyncio.Event | None = None,
    most_retained: int | None = None,
) -> FollowReport:
    """Bring what changes in the sources into the target, as it changes, until ``stop`` is set, or a command that moves
    services asks for the target.

    Databases that were cut over follow the other way, from the target back.

    The tables must have been copied. Where nothing follows them yet, or with ``anew``, slots are made anew, in whatever
    direction a database is followed, and what differs by now is found by comparing. With ``once``, it ends when all is
    in that had been committed before. A server that is gone for a while is waited for. Where a server keeps more than
    ``most_retained`` bytes of log for its slot, that is let go. Raises LayoutMismatchError, FindingsError,
    StateConflictError, SlotLostError, SourceError or TargetError.
    """
    ended = stop or asyncio.Event()
    task = task.placed()

    async def attempt() -> FollowReport:
        nonlocal anew
        async with followed(task, anew=anew, doing=FOLLOW) as (context, followers):
            anew = False
            return await _follow(context, followers, ended, once=once, most_retained=most_retained)

    return await _while_target_is_away(attempt, ended, task.observer)


@asynccontextmanager
async def followed(
    task: Task, *, anew: bool = False, doing: str = ""
) -> AsyncIterator[tuple[RunContext, list[Follower]]]:
    """Hold the target for following, make what is missing, and yield the followers, none of them connected.

    Both sides of each are as they were at the followers' places; all that differed is in. Raises as `follow`.
    """
    task = task if task.target.place else task.placed()
    async with opened(task) as context:
        plan = await planned(context, task)
        flows, findings = await read_flows(context, plan)
        refuse(findings)
        async with exclusive(context.target, doing) as session:
            running = context.of_run(await _run_of(session, plan, flows), session)
            forward, moved = await split_by_direction(running, flows, anew=anew)
            await _prepare(running, task, forward, anew=anew)
            await closing.close(running, forward)
            judges = await judges_of(running, plan, forward)
            followers = [Follower(f, RunLedger(f, running.lock_pid), judge=judges[f.name]) for f in forward]
            await resync.bring_differences(running, plan, followers)
            back = await followers_back(running, plan, moved)
            await renew_back(running, back, anew=anew)
            yield running, [*followers, *back]


async def verify(task: Task, *, limit: int = 20, values: bool = False, sums: bool = False) -> Verdict:
    """Settle all that was followed, and compare both sides row by row, while services write; record how far that holds.

    After a pass the target equals one snapshot of each source. These are held while they are compared, so nothing is
    counted twice or missed. What is touched from there on is noted: at the cutover, only that is compared. Raises as
    `follow` does.
    """
    async with followed(task) as (context, every):
        plan = await planned(context, task)
        followers = [follower for follower in every if follower.flow.direction == "forward"]
        _tell_left_out(context, task, {follower.flow.name for follower in followers})
        for follower in followers:
            await follower.connect()
        try:
            for follower in followers:
                await catch_up(follower, lambda _: None)
            return await prove_all(
                context, plan, followers, Asked(limit, values, structure=False, sums=sums, anew=True)
            )
        finally:
            for follower in followers:
                await follower.close()


def _tell_left_out(context: RunContext, task: Task, compared: set[str]) -> None:
    """Say which databases aren't compared, because services write to the unified one. Raises where none is."""
    left_out = [name for name in task.needed if name not in compared]
    if not compared:
        raise StateConflictError(
            "there is nothing to compare: services write to the unified database, and it follows no legacy database",
            hint="payrollx-db status says which side is written",
        )
    if left_out:
        context.observer(Notice(f"not compared, as they have moved: {', '.join(left_out)}"))


async def drop_following(task: Task, *, forget: bool = False) -> Dropped:
    """Drop all that was made to follow the sources, and open the target again: foreign keys, triggers, writers.

    With ``forget``, sources that can't be reached are forgotten. Raises StateConflictError where a run is at work,
    TargetError.
    """
    async with opened(task) as context, exclusive(context.target) as session:
        await migrate(session)
        chosen = {database.name for database in task.layout.databases if database.name in task.needed}
        await refuse_moved(context, session.connection, chosen)
        recorded = [f for f in await state.flows(session.connection) if f.database in chosen]
        left = await making.drop(context, session, recorded, forget=forget)
        runs = {flow.run_id for flow in recorded if flow.run_id is not None}
        names = dict.fromkeys(flow.database for flow in recorded)
        unrestored = await closing.reopen(context, session, names, runs)
        return Dropped(tuple(names), left, unrestored)


# --- the steps of following ----------------------------------------------------------------------------


async def _run_of(session: RunSession, plan: Plan, flows: Sequence[Flow]) -> int:
    """Return the newest run that has copied the tables. Raises StateConflictError where one isn't copied."""
    if not flows:
        raise ConfigurationError(
            f"the layout {plan.layout.name} has no table for {', '.join(plan.services)}",
            hint="leave out --service, or map its tables in the layout",
        )
    unfinished = await unfinished_run(session.connection)
    if unfinished is not None:
        raise StateConflictError(
            f"run {unfinished.id} isn't finished yet",
            hint=f"finish it first: {plan.catalog.command('copy')}",
        )
    await migrate(session)
    writing = await accounts.writing_runs(session.connection)
    plans = [move.plan for flow in flows for move in flow.moves if move.plan is not None]
    missing = [f"{table.source_name} -> {table.target_name}" for table in plans if table.place not in writing]
    if missing:
        raise StateConflictError(
            f"{len(missing)} of the table pairs aren't copied yet, so there is nothing to follow from",
            details=tuple(missing),
            hint=f"copy them first: {plan.catalog.command('copy')}",
        )
    return max(writing[table.place] for table in plans)


async def _prepare(context: RunContext, task: Task, flows: Sequence[Flow], *, anew: bool) -> None:
    """Make what is missing in the sources, and refuse to go on from what can't be gone on from."""
    recorded = {flow.database: flow for flow in await state.flows(context.connection, "forward")}
    for flow in flows:
        known = recorded.get(flow.name)
        if known is not None and known.status in (state.FOLLOWING, state.RESYNC) and not anew:
            making.refuse_other_place(flow, known, task.same_servers)
            _refuse_other_maps(flow, known)
        else:
            await making.make(context, context.session, flow, context.run, state.RESYNC)


async def _follow(
    context: RunContext,
    followers: Sequence[Follower],
    stop: asyncio.Event,
    *,
    once: bool,
    most_retained: int | None,
) -> FollowReport:
    names = [follower.flow.name for follower in followers]
    context.observer(StageStarted("follow", ", ".join(names)))
    monitor = Monitor(context, context.session, partial(_backlogs, followers), most_retained)
    async with watched(monitor), handing_over(context.session, stop, context.observer) as handing:
        done, left = await follow_all(followers, stop, context.observer, once=once)
    if left:
        left[0].details = (*left[0].details, *(error.message for error in left[1:]))
        raise left[0]
    recorded = [flow for flow in await state.flows(context.connection, "forward") if flow.database in names]
    return FollowReport(tuple(done), tuple(recorded), handed_over=str(handing.to or ""))


def _backlogs(followers: Sequence[Follower]) -> dict[str, Backlog]:
    """Return what each follower knows of itself: keys that wait, and how old the oldest was in its last pass."""
    lags = {f.flow.name: f.last.lag if f.last is not None and f.backlog else 0.0 for f in followers}
    return {f.flow.name: Backlog(f.backlog, lags[f.flow.name]) for f in followers}


def _refuse_other_maps(flow: Flow, recorded: FlowState) -> None:
    if recorded.maps != fingerprint(flow):
        raise StateConflictError(
            f"the maps of {flow.name} have changed since it is followed: rows that are in were made by other ones",
            hint="bring over what differs: payrollx-db follow --resync",
        )


async def _while_target_is_away(
    work: Callable[[], Awaitable[FollowReport]], stop: asyncio.Event, observer: Observer
) -> FollowReport:
    """Do ``work``, and take it up again when the target is back, once the run's lock has been lost."""
    begun, tries = False, 0
    while True:
        started = time.monotonic()
        try:
            return await work()
        except PayrollxError as error:
            begun = begun or isinstance(error, LockLostError)
            if not (begun and error.transient) or stop.is_set():
                raise
            tries = 0 if time.monotonic() - started > LONG else tries
            pause = PAUSES[min(tries, len(PAUSES) - 1)]
            tries += 1
            observer(Notice(f"{error.message}; tried again in {pause:.1f} s"))
            if await is_set(stop, pause):
                raise
