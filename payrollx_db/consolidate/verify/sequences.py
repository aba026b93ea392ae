"""Where sequences stand: the number that each gives next must be beyond the column's values, and beyond the source's.

"Beyond" is by the sign of the sequence's increment. Asked are all sequences that a default or an identity uses, owned
or not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import ColumnPlan, TablePlan
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Endpoint, run
from payrollx_db.postgres.session_pool import SessionPool

queries = query_files.beside(__name__)

BEHIND, EXHAUSTED, UNREAD = "sequence-behind", "sequence-exhausted", "sequence-unread"
AT_ONCE = 200  # sequences that one statement asks for

Place = tuple[str, str, str]  # schema, table, column


@dataclass(frozen=True)
class ColumnSequence:
    """A sequence that a column's default or identity uses; ``counted`` says that the column holds its numbers.

    ``root`` is the same column of the table of which that of ``place`` is a partition; else it is ``place``.
    """

    place: Place
    root: Place
    relkind: str
    name: str
    increment: int
    minimum: int
    maximum: int
    cycles: bool
    counted: bool
    readable: bool

    @property
    def partition(self) -> str:
        """The name of the partition whose own it is; empty for a whole table's."""
        return self.place[1] if self.place != self.root else ""


@dataclass(frozen=True)
class Position:
    """Where a sequence stands: the last number, whether it was given away, and the farthest value of the column."""

    last: int
    is_called: bool
    farthest: Decimal | None

    def next(self, increment: int) -> int:
        """Return the number that it gives next."""
        return self.last + increment if self.is_called else self.last


async def check_sequences(context: Context, tables: Iterable[TablePlan]) -> list[Finding]:
    """Say which sequences of the target stand where the next insert would fail, or repeat a number of the source.

    A few statements for all tables of a database. Raises SourceError or TargetError.
    """
    plans = list(tables)
    places = {(table.target.schema, table.target.name) for table in plans}
    ours = await _sequences(context.sessions, context.target, places)
    positions = await _positions(context.sessions, context.target, ours)
    origins = await _source_positions(context, plans, {sequence.root for sequence in ours})
    findings = []
    for sequence in ours:
        position = positions.get((sequence.place, sequence.name))
        if position is None:
            findings.append(_unread(sequence))
        else:
            findings += _judge(sequence, position, origins.get((sequence.root, sequence.partition), []))
    return findings


async def _sequences(
    sessions: SessionPool, endpoint: Endpoint, tables: Iterable[tuple[str, str]]
) -> list[ColumnSequence]:
    listed = sorted(tables)
    parameters = {"schemas": [schema for schema, _ in listed], "names": [name for _, name in listed]}
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read the sequences"):
            async with connection.transaction():
                await connection.execute("SET LOCAL search_path = pg_catalog")
                rows = await run(connection, sql.SQL(queries.load("sequences")), parameters)
    return [
        ColumnSequence((schema, table, column), (root_schema, root_table, column), *rest)
        for schema, table, column, root_schema, root_table, *rest in rows
    ]


async def _positions(
    sessions: SessionPool, endpoint: Endpoint, sequences: Sequence[ColumnSequence], *, data: bool = True
) -> dict[tuple[Place, str], Position]:
    """Return where these sequences stand, without those that this role may not read."""
    positions: dict[tuple[Place, str], Position] = {}
    readable = [sequence for sequence in sequences if sequence.readable]
    for start in range(0, len(readable), AT_ONCE):
        batch = readable[start : start + AT_ONCE]
        query = sql.SQL(" UNION ALL ").join(
            _position_query(number, sequence, data=data) for number, sequence in enumerate(batch)
        )
        async with sessions.session(endpoint) as connection:
            with endpoint.translating_errors("can't read where the sequences stand"):
                rows = await run(connection, query)
        for number, last, is_called, farthest in rows:
            sequence = batch[number]
            positions[sequence.place, sequence.name] = Position(last, is_called, farthest)
    return positions


def _position_query(number: int, sequence: ColumnSequence, *, data: bool) -> sql.Composed:
    schema, table, column = sequence.place
    only = "ONLY " if sequence.relkind == "r" else ""  # what inherits has keys of its own
    farthest = sql.SQL("(SELECT {}({})::numeric FROM {}{})").format(
        sql.SQL("pg_catalog.max" if sequence.increment > 0 else "pg_catalog.min"),
        sql.Identifier(column), sql.SQL(only), sql.Identifier(schema, table),
    )  # fmt: skip
    return sql.SQL("SELECT {}, q.last_value, q.is_called, {} FROM {} AS q").format(
        sql.Literal(number),
        farthest if data and sequence.counted else sql.SQL("NULL::numeric"),
        sql.SQL(sequence.name),  # quoted by the server
    )


async def _source_positions(
    context: Context, tables: Sequence[TablePlan], wanted: set[Place]
) -> Mapping[tuple[Place, str], list[tuple[ColumnSequence, Position]]]:
    """Return where the sequences of those columns stand that become columns with a sequence.

    By the target's column, and the partition whose own they are: that of the target has its name.
    """
    origins: dict[str, dict[Place, list[Place]]] = {}
    for table in tables:
        for place, column in _numbered_columns(table, wanted):
            source = (table.source.schema, table.source.name, column.sources[0])
            origins.setdefault(table.database, {}).setdefault(source, []).append(place)
    positions: dict[tuple[Place, str], list[tuple[ColumnSequence, Position]]] = {}
    for database, places in origins.items():
        endpoint = context.sources[database]
        theirs = await _sequences(context.sessions, endpoint, {(schema, table) for schema, table, _ in places})
        theirs = [sequence for sequence in theirs if sequence.root in places]
        standing = await _positions(context.sessions, endpoint, theirs, data=False)
        for sequence in theirs:
            if position := standing.get((sequence.place, sequence.name)):
                for place in places[sequence.root]:
                    positions.setdefault((place, sequence.partition), []).append((sequence, position))
    return positions


def _numbered_columns(table: TablePlan, wanted: set[Place]) -> Iterable[tuple[Place, ColumnPlan]]:
    for column in table.columns:
        place = (table.target.schema, table.target.name, column.target.name)
        if table.owner is None and len(column.sources) == 1 and place in wanted:
            yield place, column


def _judge(
    sequence: ColumnSequence, position: Position, origins: Sequence[tuple[ColumnSequence, Position]]
) -> list[Finding]:
    sign = 1 if sequence.increment > 0 else -1
    following = position.next(sequence.increment)
    if not sequence.minimum <= following <= sequence.maximum and not sequence.cycles:
        message = f"sequence {sequence.name} has given its last number: the next insert would fail"
        hint = "give the sequence, and the column, a wider type or other bounds"
        return [Finding(EXHAUSTED, "warn", _column(sequence), 1, message, remedy=hint)]
    reasons = []
    needed = following * sign
    if position.farthest is not None and not sequence.cycles and following * sign <= position.farthest * sign:
        reasons.append(
            f"the column holds {position.farthest} already, so the next insert would fail or repeat a number"
        )
        needed = max(needed, int(position.farthest) * sign)
    for origin, theirs in origins:
        used = theirs.last if theirs.is_called else theirs.last - origin.increment
        if origin.increment * sign > 0 and following * sign <= used * sign and not origin.cycles:
            reasons.append(f"the source's sequence {origin.name} has given {used} already")
            needed = max(needed, used * sign)
    if not reasons:
        return []
    message = f"sequence {sequence.name} gives {following} next, and {'; '.join(reasons)}"
    within = sequence.minimum <= needed * sign <= sequence.maximum
    quoted = sequence.name.replace("'", "''")
    statement = f"SELECT pg_catalog.setval('{quoted}', {needed * sign});" if within else ""
    hint = "" if within else "give the sequence, and the column, a wider type: its bounds don't reach so far"
    return [Finding(BEHIND, "error", _column(sequence), 1, message, remedy=hint, sql=statement)]


def _unread(sequence: ColumnSequence) -> Finding:
    message = f"sequence {sequence.name} was not looked at: this role may not read it"
    return Finding(UNREAD, "warn", _column(sequence), 1, message, remedy="verify as a role that may")


def _column(sequence: ColumnSequence) -> str:
    return ".".join(sequence.place)
