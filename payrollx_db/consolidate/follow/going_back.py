"""The flows back as a run has them: with what its policies decided, and with a judge each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.follow.back_judge import BackJudge
from payrollx_db.consolidate.follow.back_ledger import may_act_as_replica
from payrollx_db.consolidate.follow.backward import flows_back
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.identities import read_identities
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.quarantine import apply
from payrollx_db.consolidate.state import accounts, quarantine
from payrollx_db.consolidate.state.accounts import TableState
from payrollx_db.consolidate.state.runs import runs
from payrollx_db.consolidate.state.stuck import stuck_keys
from payrollx_db.model.finding import Finding
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.session import Connection

# Of rows that differ from their owner's, one is in the target: what becomes of it there is theirs as well.
DRIFT = "drift"


@dataclass(frozen=True)
class GoingBack:
    """The flows back of a plan, what keeps tables out of them, and the plan with what was decided about rows."""

    plan: Plan
    flows: tuple[Flow, ...]
    findings: tuple[Finding, ...]


async def going_back(
    context: Context, connection: Connection, plan: Plan, *, firing: Collection[str] | None = None
) -> GoingBack:
    """Return the flows back of ``plan``, of which ``connection`` reads the state. Raises SourceError or TargetError.

    ``firing`` are the legacy databases whose triggers can't be left out; by default they are asked.
    """
    if firing is None:
        firing = await _firing(context, plan)
    targets = {table.target.oid: table.target for table in plan.tables}
    identities = await read_identities(context.sessions, context.target, list(targets.values()))
    with context.target.translating_errors("can't read the state tables"):
        recorded = [run.id for run in await runs(connection)]
        decisions = await quarantine.decisions(connection, recorded)
        decided = apply(plan, [decision for decision in decisions if decision.code != DRIFT])
        whole = await whole_duplicates(connection, plan)
    flows, findings = flows_back(decided, context.sources, context.target, identities, whole, firing)
    return GoingBack(decided, flows, findings)


async def back_judges(going: GoingBack, connection: Connection, flows: Sequence[Flow]) -> list[BackJudge]:
    """Return a judge for each of these flows, which knows what is stuck already. Raises what the driver raises."""
    judges = []
    for flow in flows:
        tables = [table for table in going.plan.tables if table.database == flow.name]
        quarantined = {table.source.full_name: table.out for table in tables}
        judges.append(BackJudge(flow, await stuck_keys(connection, flow.name), quarantined))
    return judges


async def whole_duplicates(connection: Connection, plan: Plan) -> list[str]:
    """Return the duplicate tables (``database.schema.table``) that held all of their owner's rows at their merge.

    It is told by what the runs have recorded, so that it stays so. Raises what the driver raises.
    """
    writing = await accounts.writing_runs(connection)
    states = {
        (state.source, state.target, number): state
        for number in set(writing.values())
        for state in await accounts.accounts(connection, number)
    }
    owners = {(table.database, table.target_name): table for table in plan.copies}
    whole: dict[str, bool] = {}
    for table in plan.merges:
        owner = owners.get((table.owner or "", table.target_name))
        mine = states.get((*table.place, writing.get(table.place, 0)))
        theirs = states.get((*owner.place, writing.get(owner.place, 0))) if owner else None
        holds_all = bool(mine and theirs) and _number(mine, "rows_merged") >= _number(theirs, "rows_written")
        whole[table.source_name] = whole.get(table.source_name, True) and holds_all
    return [name for name, holds_all in whole.items() if holds_all]


async def _firing(context: Context, plan: Plan) -> list[str]:
    names = list(plan.sources)
    silent = await limited([may_act_as_replica(context.sources[name]) for name in names], context.jobs)
    return [name for name, may in zip(names, silent, strict=True) if not may]


def _number(state: TableState | None, name: str) -> int:
    return (getattr(state, name) if state is not None else None) or 0
