"""What every switch of sides begins with: the recorded stages, the lines that it is of, and connected followers."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.cutover.lines import Line, chosen, lines_of
from payrollx_db.consolidate.follow import renewing, resync
from payrollx_db.consolidate.follow.back_ledger import BackLedger, may_act_as_replica
from payrollx_db.consolidate.follow.beginning import read_flows
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.follower import Follower
from payrollx_db.consolidate.follow.going_back import GoingBack, back_judges, going_back
from payrollx_db.consolidate.follow.hooks import Judge
from payrollx_db.consolidate.follow.judges import judges_of
from payrollx_db.consolidate.follow.judging import RowJudge
from payrollx_db.consolidate.follow.ledger import Ledger, RunLedger
from payrollx_db.consolidate.opening import planned
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.planner import Task
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state.migrations import migrate
from payrollx_db.consolidate.state.places import refuse_other_places
from payrollx_db.consolidate.state.runs import runs
from payrollx_db.consolidate.state.switches import Switch, switches
from payrollx_db.errors import FindingsError, StateConflictError
from payrollx_db.model.finding import refuse


@dataclass(frozen=True)
class Begun:
    """What there is: all lines and their switches, and those that this command is of.

    ``flows`` are those forward, ``back`` those back, by database; ``going`` says what keeps tables from going back.
    """

    context: RunContext
    plan: Plan
    flows: Mapping[str, Flow]
    back: Mapping[str, Flow]
    going: GoingBack
    every: tuple[Line, ...]
    lines: tuple[Line, ...]
    switches: Mapping[str, Switch]

    @property
    def services(self) -> list[str]:
        """The services whose rows are in these lines."""
        return list(dict.fromkeys(service for line in self.lines for service in line.services))

    def stages(self) -> set[str]:
        """Return the stages that the lines of this command are in."""
        return {self.switches[line.database].stage for line in self.lines}

    def only(self, lines: Iterable[Line]) -> "Begun":
        """Return the same for these lines alone."""
        return replace(self, lines=tuple(lines))

    def back_of_lines(self) -> list[Flow]:
        """Return the flows back of this command's lines. Raises FindingsError where tables have no way back."""
        names = {line.database for line in self.lines}
        try:
            refuse(self.going.findings)
        except FindingsError as error:
            error.hint = (
                "let the layout say how they go back (payrollx-db check --reversible), or cut over by --no-way-back"
            )
            raise
        return [flow for name, flow in self.back.items() if name in names]

    def flows_of_lines(self) -> list[Flow]:
        """Return the forward flows of this command's lines."""
        return [self.flows[line.database] for line in self.lines]


async def plan_all(context: Context, task: Task) -> Plan:
    """Return the plan of all services: what is switched alone is joined to the others by references."""
    return await planned(context, replace(task, services=()))


async def begin(context: Context, session: RunSession, task: Task, plan: Plan) -> Begun:
    """Read what there is, while the run's lock is held.

    Raises StateConflictError where nothing was copied here, or from other databases; FindingsError where tables can't
    be followed; ConfigurationError, SourceError or TargetError.
    """
    with context.target.translating_errors("can't write the state tables"):
        await migrate(session)
        recorded = [run for run in await runs(session.connection) if run.status == "done"]
        if not recorded:
            raise StateConflictError("no copy is finished here", hint="payrollx-db copy --follow comes first")
        await refuse_other_places(session.connection, recorded[0], context.endpoints, task.same_servers)
    flows, findings = await read_flows(context, plan)
    refuse(findings)
    going = await going_back(context, session.connection, plan)
    every = lines_of(plan, context.sources, flows)
    with context.target.translating_errors("can't read the recorded switches"):
        known = await switches(session.connection, [line.database for line in every])
    return Begun(
        context.of_run(recorded[0].id, session),
        plan,
        {flow.name: flow for flow in flows},
        {flow.name: flow for flow in going.flows},
        going,
        tuple(every),
        tuple(chosen(every, task.services)),
        known,
    )


@dataclass(frozen=True)
class Way:
    """A flow, where its place is kept, and who judges its rows."""

    flow: Flow
    ledger: Ledger
    judge: Judge


@asynccontextmanager
async def following(ways: Sequence[Way], label: str) -> AsyncIterator[list[Follower]]:
    """Yield followers that are connected; they end with the block. Raises what `Follower.connect` raises."""
    followers = [Follower(way.flow, way.ledger, judge=way.judge, label=label) for way in ways]
    try:
        await _connect(followers)
        yield followers
    finally:
        await asyncio.shield(asyncio.gather(*(follower.close() for follower in followers)))


async def bring_differences(begun: Begun, ways: Sequence[Way]) -> None:
    """Bring over what differs where the log doesn't tell it: after a rollback, when nobody has followed since.

    Raises as `Follower.one_pass`.
    """
    followers = [Follower(way.flow, way.ledger, judge=way.judge, label="resync") for way in ways]
    await resync.bring_differences(begun.context, begun.plan, followers)


async def bring_back_differences(begun: Begun, ways: Sequence[Way]) -> None:
    """Bring back what differs where a way back was begun anew, and that was killed before it was in step.

    Raises as `Follower.one_pass`.
    """
    followers = [Follower(way.flow, way.ledger, judge=way.judge, label="resync") for way in ways]
    await renewing.renew_back(begun.context, followers)


async def forward_judges(begun: Begun) -> dict[str, RowJudge]:
    """Return who judges the rows of this command's forward flows, by database.

    Raises SourceError or TargetError.
    """
    return await judges_of(begun.context, begun.plan, begun.flows_of_lines())


def ways_forward(begun: Begun, judges: Mapping[str, RowJudge]) -> list[Way]:
    """Return the ways from the legacy databases into the unified one."""
    pid = begun.context.lock_pid
    return [Way(flow, RunLedger(flow, pid), judges[flow.name]) for flow in begun.flows_of_lines()]


async def ways_back(begun: Begun) -> list[Way]:
    """Return the ways from the unified database into the legacy ones.

    Raises StateConflictError where there is none into one of them, SourceError or TargetError.
    """
    missing = [line.database for line in begun.lines if line.database not in begun.back]
    if missing:
        raise StateConflictError(
            f"nothing follows the unified database back into {', '.join(missing)}",
            hint="payrollx-db check --reversible says what has a way back",
        )
    flows = [begun.back[line.database] for line in begun.lines]
    replicas = await asyncio.gather(*(may_act_as_replica(flow.written) for flow in flows))
    with begun.context.target.translating_errors("can't read which rows are stuck"):
        judges = await back_judges(begun.going, begun.context.connection, flows)
    ledgers = [BackLedger(flow, as_replica=replica) for flow, replica in zip(flows, replicas, strict=True)]
    return [Way(*way) for way in zip(flows, ledgers, judges, strict=True)]


async def _connect(followers: Sequence[Follower]) -> None:
    results = await asyncio.gather(*(follower.connect() for follower in followers), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
