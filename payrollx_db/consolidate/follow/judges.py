"""The judges of what is followed forward, each with what the target remembers of its legacy database."""

from collections.abc import Iterable, Mapping

from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.judging import RowJudge
from payrollx_db.consolidate.follow.tracking import Tracking
from payrollx_db.consolidate.state import accounts, held
from payrollx_db.postgres.session import Connection


async def judges_of(context: RunContext, flows: Iterable[Flow]) -> dict[str, RowJudge]:
    """Return the judge of each forward flow, by its database, as the target remembers it. Raises TargetError."""
    with context.target.translating_errors("can't read the quarantine"):
        writing = await accounts.writing_runs(context.connection)
        runs: dict[str, int] = {}
        for (source, _), number in writing.items():
            runs[source] = max(number, runs.get(source, number))
        return {flow.name: await judge_of(context, flow, context.connection, runs) for flow in flows}


async def judge_of(context: Context, flow: Flow, connection: Connection, runs: Mapping[str, int]) -> RowJudge:
    """Return the judge of a forward flow, with what the target remembers, which ``connection`` reads.

    Raises psycopg's errors.
    """
    sources = {move.plan.source_name for move in flow.moves if move.plan}
    kept = await held.held_keys(connection, sources)
    return RowJudge(context, flow, runs, kept, await Tracking.of(connection, flow.name))
