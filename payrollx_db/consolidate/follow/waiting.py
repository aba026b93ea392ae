"""Rows that are held for want of another one: who waits for what, and that the next pass brings them when it has come.

A row in quarantine may be of another database than the one that it waits for, so all judges of a command share this.
What arrived while nobody looked (a kill between two commits, say) is seen when following begins, and by each settling.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from psycopg import sql

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.follow.flow import Flow, Move
from payrollx_db.consolidate.follow.keys import GONE
from payrollx_db.consolidate.follow.naming import key_of_text
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import held
from payrollx_db.consolidate.state.held import Wait
from payrollx_db.errors import FindingsError, SourceError
from payrollx_db.model.catalog import Reference
from payrollx_db.postgres import sqlstates
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.session import Connection, run

Join = Callable[[int, Iterable[Key]], None]
_Orphan = tuple[str, str, str]  # key, kind and column of its record


class Waiting:
    """What held rows of some databases wait for. Where nobody waits for a table, its rows cost no question."""

    def __init__(self) -> None:
        self._moves: dict[str, tuple[Move, Join]] = {}  # by the source table whose rows they are
        self._places: dict[str, set[tuple[str, ...]]] = {}  # by the table that is waited for, its columns

    def add(self, flow: Flow, join: Join) -> None:
        """Hear of a flow: ``join`` lets keys of one of its watched tables, named by its oid, join the next pass."""
        for move in flow.moves:
            if move.plan is not None:
                self._moves[move.plan.source_name] = (move, join)

    async def load(self, connection: Connection) -> None:
        """Read what held rows wait for, and let those join whose parent has come already. Raises psycopg's errors."""
        for table, columns in await held.awaited(connection, self._moves):
            self._places.setdefault(table, set()).add(columns)
        tables = {move.name: move.table for move, _ in self._moves.values()}
        come = await held.come(connection, list(self._moves), tables, others=False)
        self.join((source, text) for source, texts in come.items() for text in texts)

    async def of(self, connection: Connection, move: Move, staging: str) -> list[tuple[str, str]]:
        """Return the held rows, by source table and key, that wait for one of the rows which lie in ``staging``.

        ``connection`` has that table in its pg_temp. Raises psycopg's errors.
        """
        come: list[tuple[str, str]] = []
        rows = sql.SQL("(SELECT * FROM {} WHERE {} IS NULL)").format(
            sql.Identifier("pg_temp", staging), sql.Identifier(GONE)
        )
        for columns in self._places.get(move.name, ()):
            if set(columns) <= set(move.column_names):
                come += await held.come_among(connection, self._moves, move.table, columns, rows)
        return come

    def join(self, rows: Iterable[tuple[str, str]]) -> None:
        """Let held rows, by source table and key, join the next pass of their database."""
        for source, text in rows:
            move, join = self._moves[source]
            key = key_of_text(move.source, move.plan, text) if move.plan is not None else None
            if key is not None:
                join(move.source.table.oid, [key])


async def name_waits(context: RunContext, plan: Plan, flows: Iterable[Flow]) -> None:
    """Find out what orphans wait for that a copy has held back, and record it.

    A copy compares whole tables, and doesn't say for which row each of them waits. Raises SourceError or TargetError.
    """
    moves = {move.plan.source_name: (flow, move.plan) for flow in flows for move in flow.moves if move.plan is not None}
    with context.target.translating_errors("can't read the quarantine"):
        orphans = await held.unnamed(context.connection, moves)
    for source, some in orphans.items():
        flow, table = moves[source]
        try:
            with flow.read.translating_errors(f"can't read {table.source.full_name}"):
                async with context.sessions.session(flow.read) as reader:
                    pointing = await _pointing(reader, plan, table, [key for key, _, _ in some])
        except (SourceError, FindingsError) as error:
            if not sqlstates.may_be_of_a_row(error.sqlstate):
                raise
            continue  # it has turned bad since: a verification tells
        with context.target.translating_errors("can't look for what is waited for"):
            waits = await _waits(context.connection, plan, pointing, some)
            async with context.transaction() as connection:
                await held.name_waits(connection, source, waits)


async def _pointing(
    reader: Connection, plan: Plan, table: TablePlan, texts: Sequence[str]
) -> dict[Reference, dict[str, tuple[str, ...]]]:
    """Return by reference the values with which rows of these keys point, as they are in the source now."""
    pointing: dict[Reference, dict[str, tuple[str, ...]]] = {}
    filled = {column.target.name: column for column in table.columns}
    for reference in plan.enforced_by_table.get(table.target_name, ()):
        columns = [filled[name] for name in reference.columns if name in filled]
        if len(columns) < len(reference.columns) or table.source_key is None:
            continue
        values = (sql.SQL("({})::text").format(column.conversion.value) for column in columns)
        query = sql.SQL("SELECT {}, {} FROM {} WHERE {}").format(
            table.source_key, sql.SQL(", ").join(values), table.from_clause, table.among(list(dict.fromkeys(texts)))
        )
        rows = await run(reader, query)
        pointing[reference] = {str(key): tuple(map(str, some)) for key, *some in rows if None not in some}
    return pointing


async def _waits(
    connection: Connection,
    plan: Plan,
    pointing: Mapping[Reference, Mapping[str, tuple[str, ...]]],
    orphans: Sequence[_Orphan],
) -> dict[tuple[str, str], Wait]:
    """Return by key and column what orphans wait for: the first of their references that points at nothing."""
    waits: dict[tuple[str, str], Wait] = {}
    for reference, by_key in pointing.items():
        parent = plan.target.tables.get(reference.target_table)
        if parent is None or not by_key:
            continue
        lacking = await held.lacking(connection, parent, reference.target_columns, set(by_key.values()))
        for key, kind, column in orphans:
            if by_key.get(key) in lacking and (kind == "row" or column in reference.columns):
                wait = Wait(reference.target_table, reference.target_columns, by_key[key])
                waits.setdefault((key, column), wait)
    return waits
