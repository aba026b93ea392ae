"""The flows that a switch begins: back after a cutover, forward after a rollback. And the end of those before them.

What they read from is made before the fence, since a server waits with a slot for every transaction that writes. They
begin behind the fence, at a place that all of our own writes lie before.
"""

from collections.abc import Iterable, Mapping

from psycopg import sql

from payrollx_db.consolidate.cutover.beginning import Begun
from payrollx_db.consolidate.follow import making
from payrollx_db.consolidate.follow.back_ledger import begin_place, make_place
from payrollx_db.consolidate.follow.flow import Direction, Flow
from payrollx_db.consolidate.state import flows as state
from payrollx_db.consolidate.state import touched
from payrollx_db.consolidate.state.flows import FlowState
from payrollx_db.consolidate.state.stuck import forget_stuck, stuck_counts
from payrollx_db.model.events import Notice
from payrollx_db.postgres.concurrency import together
from payrollx_db.postgres.session import Connection, run, session


class NextFlows:
    """The flows of one direction that begin with a switch of ``begun``'s lines."""

    def __init__(self, begun: Begun, flows: Iterable[Flow]) -> None:
        self.begun = begun
        self.flows = {flow.name: flow for flow in flows}
        self._recorded: dict[str, FlowState] = {}

    async def prepare(self) -> None:
        """Make what they read from, anew where it is there. Raises SourceError or TargetError."""
        context = self.begun.context
        for flow in self.flows.values():
            # What has gone back may have been rounded there: both sides are compared before they are followed again.
            status = state.RESYNC if flow.direction == "forward" else state.FOLLOWING
            await making.make(context, context.session, flow, context.run, status)
            if flow.direction == "forward":  # what was proven before it went the other way says nothing any more
                async with context.transaction() as connection:
                    await touched.forget_proof(connection, flow.name)
        if any(flow.direction == "back" for flow in self.flows.values()):
            for line in self.begun.lines:
                endpoint = line.fenced().writing
                async with session(endpoint) as connection:
                    with endpoint.translating_errors("can't make the table of its place"):
                        await make_place(connection)
        # From here on only their places change: what else is stored with these isn't to be asked for behind the fence.
        self._recorded = {flow.database: flow for flow in await self.recorded()}

    async def begin(self, position: str, writing: Mapping[str, Connection]) -> None:
        """Store in open transactions of ``writing``, by database, that flows back begin at ``position``, an LSN.

        Raises SourceError.
        """

        async def one(name: str, connection: Connection) -> None:
            flow, known = self.flows[name], self._recorded[name]
            with flow.written.translating_errors("can't store where its flow begins"):
                statement = begin_place(flow, position, read_place=known.read_place, surroundings=known.surroundings)
                await run(connection, statement)

        await together([one(name, connection) for name, connection in writing.items()])

    def beginning(self, positions: Mapping[str, str]) -> list[sql.Composable]:
        """Return the statements that store in the unified database that flows forward begin at these LSNs."""
        return [state.move_place((name, self._direction), position) for name, position in positions.items()]

    async def recorded(self) -> list[FlowState]:
        """Return these flows as the unified database has them."""
        context = self.begun.context
        with context.target.translating_errors("can't read the recorded flows"):
            known = await state.flows(context.connection)
        return [flow for flow in known if flow.database in self.flows and flow.direction == self._direction]

    @property
    def _direction(self) -> Direction:
        return next((flow.direction for flow in self.flows.values()), "forward")


async def end_flows(begun: Begun, direction: Direction) -> list[str]:
    """Drop what the flows of one direction read from, and forget them; return what is left of it, in words.

    Nobody reads them any more, and a slot that nobody reads keeps its server's log. Raises TargetError.
    """
    context = begun.context
    names = {line.database for line in begun.lines}
    with context.target.translating_errors("can't read the recorded flows"):
        known = await state.flows(context.connection, direction)
    recorded = [flow for flow in known if flow.database in names]
    left = await making.drop(context, context.session, recorded)
    if direction == "back":
        await _forget_stuck(begun, names)
    return [f"{item.made}: {item.reason}; {item.statement}" for item in left]


async def _forget_stuck(begun: Begun, names: set[str]) -> None:
    """Say how many rows never went back into these legacy databases, and forget which: nothing follows there."""
    context = begun.context
    with context.target.translating_errors("can't read which rows are stuck"):
        counts = await stuck_counts(context.connection)
    for name in names & counts.keys():
        for table, rows in counts[name].items():
            context.observer(Notice(f"{name}: {rows:,} rows never went back into {table}"))
        async with context.transaction() as connection:
            await forget_stuck(connection, name)
