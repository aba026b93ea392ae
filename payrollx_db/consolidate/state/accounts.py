"""The accounts of tables (law 1): how many rows each source table had, and where every one of them went."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql
from psycopg.rows import class_row

from payrollx_db.consolidate.plan.destination import Destination, condition, scope_of
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.state import schema
from payrollx_db.consolidate.state.parts import as_texts
from payrollx_db.consolidate.state.scopes import as_json, as_parameters
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection
from payrollx_db.postgres.session import run as execute

queries = query_files.beside(__name__)

# Rows read, rows written, bytes, seconds that it took, and seconds since it began.
CopiedAccount = tuple[int, int, int, float, float]


@dataclass(frozen=True)
class TableState:
    """What is recorded of one table of a run: the account of law 1. ``seconds`` is of moving the rows.

    ``database`` is the source's, with whose name ``source`` begins; ``constants`` are those of its scope, by column,
    where it fills only a part of the target's rows.
    """

    source: str
    target: str
    kind: str
    status: str
    estimated_rows: int
    estimated_bytes: int
    rows_read: int | None
    rows_written: int | None
    rows_quarantined: int | None
    rows_merged: int | None
    bytes: int | None
    seconds: float | None
    database: str
    constants: dict[str, str] = field(default_factory=dict)

    @property
    def destination(self) -> Destination:
        """The rows of the target that are this source's."""
        return Destination(self.target, scope_of(self.constants))

    @property
    def source_table(self) -> str:
        """The source's table, without its database and schema."""
        return self.source[len(self.database) + 1 :].partition(".")[2]

    @property
    def balanced(self) -> bool:
        """Law 1: rows read = rows in the target + rows quarantined + rows merged as duplicates."""
        parts = (self.rows_written, self.rows_quarantined, self.rows_merged)
        return self.rows_read is not None and self.rows_read == sum(part or 0 for part in parts)

    def document(self) -> dict[str, Any]:
        """Return the account as plain data, for ``--json``."""
        return {
            "source": self.source,
            "target": self.target,
            "scope": self.constants,
            "read": self.rows_read,
            "written": self.rows_written,
            "quarantined": self.rows_quarantined,
            "merged": self.rows_merged,
            "bytes": self.bytes,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
        }


async def accounts(connection: Connection, run: int) -> list[TableState]:
    """Return the accounts of a run's tables, largest first."""
    cursor = connection.cursor(row_factory=class_row(TableState))
    await cursor.execute(queries.load("accounts"), (run,))
    return await cursor.fetchall()


async def done_names(connection: Connection, targets: Collection[str]) -> set[str]:
    """Return those of these target tables, by their names, that finished runs have filled, be it in one scope."""
    if not await schema.exists(connection):
        return set()
    cursor = await connection.execute(queries.load("done_names"), {"targets": list(targets)})
    return {name for (name,) in await cursor.fetchall()}


async def done_tables(connection: Connection, destinations: Collection[Destination]) -> dict[Destination, int]:
    """Return which of ``destinations`` finished runs have filled, each with the rows that the last of them wrote."""
    if not await schema.exists(connection):
        return {}
    cursor = await connection.execute(queries.load("done_tables"), as_parameters(destinations))
    return {Destination(table, scope_of(constants)): rows for table, constants, rows in await cursor.fetchall()}


async def known_destinations(connection: Connection, tables: Collection[str]) -> set[Destination]:
    """Return the scopes of these tables that runs have brought, or were to bring."""
    if not await schema.exists(connection):
        return set()
    cursor = await connection.execute(queries.load("known_destinations"), {"tables": list(tables)})
    return {Destination(table, scope_of(constants)) for table, constants in await cursor.fetchall()}


async def writing_runs(connection: Connection, targets: Collection[str] | None = None) -> dict[tuple[str, str], int]:
    """Return which finished run wrote each table last, by source and target; of these ``targets``, or of all."""
    chosen = None if targets is None else list(targets)
    cursor = await connection.execute(queries.load("writing_runs"), {"targets": chosen})
    return {(source, target): run for source, target, run in await cursor.fetchall()}


async def runs_of(connection: Connection, places: Collection[tuple[str, str]]) -> dict[int, set[tuple[str, str]]]:
    """Return the finished runs that are of any of these tables, each with those of them, by source and target."""
    parameters = {"sources": [source for source, _ in places], "targets": [target for _, target in places]}
    known: dict[int, set[tuple[str, str]]] = {}
    for run, *place in await (await connection.execute(queries.load("runs_of_places"), parameters)).fetchall():
        known.setdefault(run, set()).add((place[0], place[1]))
    return known


async def open_accounts(connection: Connection, run: int, tables: Iterable[TablePlan]) -> None:
    """Record the tables that a new run is of."""
    rows = [(*t.place, "merge" if t.owner else "copy", t.source.rows, t.source.size, as_json(t.scope)) for t in tables]
    columns = [list(column) for column in zip(*rows, strict=True)]
    if rows:
        await connection.execute(queries.load("insert_accounts"), (run, *columns))


async def start_account(connection: Connection, run: int, table: TablePlan) -> None:
    """Record that a table's rows begin to move."""
    await connection.execute(queries.load("start_account"), (run, *table.place))


async def update_account(connection: Connection, run: int, table: TablePlan, **account: Any) -> None:
    """Record a table's account: any of status, rows_read, rows_written, …, bytes, seconds."""
    settings = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in account
    )
    key = {"_run": run, "_source": table.source_name, "_target": table.target_name}
    await execute(connection, sql.SQL(queries.load("update_account")).format(settings=settings), account | key)


async def finish_counted(connection: Connection, run: int, rows: Mapping[tuple[str, str], int]) -> None:
    """Record how many rows of each table, by source and target, the target holds in the end."""
    places = {"sources": [source for source, _ in rows], "targets": [target for _, target in rows]}
    await connection.execute(queries.load("counted_accounts"), {"run": run, "rows": list(rows.values()), **places})


async def reset_accounts(connection: Connection, run: int, destinations: Collection[Destination]) -> None:
    """Record that nothing has moved of the run's tables that go to one of ``destinations``."""
    await connection.execute(queries.load("reset_accounts"), {"run": run, **as_parameters(destinations)})


async def count_touched(
    connection: Connection, runs: Collection[int], destination: Destination
) -> tuple[int, int, int]:
    """Return how many rows these runs recorded for a destination, how many it has, and how many others wrote."""
    schema_name, _, name = destination.table.partition(".")
    identifier = sql.Identifier(schema_name, name)
    # No parameters: with them, a percent sign in the table's name would be read as one.
    query = sql.SQL(queries.load("touched")).format(
        table=identifier, name=identifier.as_string(None), runs=list(runs), target=destination.table,
        scope=as_json(destination.scope), in_scope=condition(destination.scope, "r"),
    )  # fmt: skip
    ((recorded, present, foreign),) = await execute(connection, query)
    return recorded, present, foreign


async def finish_copied(writer: Any, run: int, place: tuple[str, str], *account: object) -> None:
    """Record, in an asyncpg transaction, rows read, written and quarantined, bytes and seconds of a copied table."""
    await writer.execute(queries.load("copied_account"), run, *place, *account)


async def finish_copied_together(writer: Any, run: int, accounts: Mapping[tuple[str, str], CopiedAccount]) -> None:
    """Do the same for several tables that were copied in one transaction, none of whose rows is quarantined."""
    sources, targets = [source for source, _ in accounts], [target for _, target in accounts]
    columns = as_texts(accounts.values())
    await writer.execute(queries.load("copied_accounts"), run, sources, targets, *columns)


async def finish_imported(writer: Any, run: int, place: tuple[str, str], written: int, seconds: float) -> None:
    """Record, in an asyncpg transaction, what a duplicate table brought in itself."""
    await writer.execute(queries.load("imported_account"), run, *place, written, seconds)


async def move_from_quarantine(writer: Any, run: int, place: tuple[str, str], *, written: int, merged: int) -> None:
    """Record, in an asyncpg transaction, that so many quarantined rows are in the target after all."""
    await writer.execute(queries.load("retried_account"), run, *place, written, merged)
