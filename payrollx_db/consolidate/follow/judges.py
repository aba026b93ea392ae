"""The judges of what is followed forward, each with what the target remembers of its legacy database."""

from collections.abc import Mapping, Sequence

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.judging import RowJudge
from payrollx_db.consolidate.follow.tracking import Tracking
from payrollx_db.consolidate.follow.waiting import Waiting, name_waits
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import accounts, held


async def judges_of(context: RunContext, plan: Plan, flows: Sequence[Flow]) -> dict[str, RowJudge]:
    """Return the judge of each forward flow, by its database, as the target remembers it.

    Raises SourceError or TargetError.
    """
    await name_waits(context, plan, flows)
    waiting = Waiting()
    with context.target.translating_errors("can't read the quarantine"):
        writing = await accounts.writing_runs(context.connection)
        runs: dict[str, int] = {}
        for (source, _), number in writing.items():
            runs[source] = max(number, runs.get(source, number))
        judges = {flow.name: await _judge_of(context, flow, runs, waiting) for flow in flows}
        await waiting.load(context.connection)
    return judges


async def _judge_of(context: RunContext, flow: Flow, runs: Mapping[str, int], waiting: Waiting) -> RowJudge:
    sources = {move.plan.source_name for move in flow.moves if move.plan}
    kept = await held.held_keys(context.connection, sources)
    return RowJudge(context, flow, runs, kept, await Tracking.of(context.connection, flow.name), waiting)
