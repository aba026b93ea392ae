"""Gates: triggers that let nobody write some tables of a database but the rows that follow the other side.

A gate is one function, and a trigger at each table that calls it. Whether it is closed lies in the function alone: to
close or to open it replaces that function, for all tables at once, whichever statements wait at them, and locks no
table. Only to put a trigger at a table takes a lock there (SHARE ROW EXCLUSIVE), so that is done before.

The triggers fire once a statement, whoever connects, and whatever the session's ``session_replication_role`` is. A
statement fires those of the table that it names and not those of its partitions, so each table of a tree has one. The
worker of a logical subscription fires none of a statement, but for TRUNCATE: where one writes a tree, each table of it
that has rows has a trigger of its rows as well.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, run, run_together

queries = query_files.beside(__name__)

TRIGGER = "payrollx_moved"
ROWS_TRIGGER = "payrollx_moved_rows"
SOURCE_SCHEMA = "payrollx"  # in a legacy database, from the cutover's preparations on
TARGET_SCHEMA = "payrollx_meta"

# What a transaction says before it writes the rows that follow the other side.
LET_THROUGH = sql.SQL("SET LOCAL payrollx.flow = 'on'")

NAME_BYTES = 63
TRUNCATED_FOREIGN_TABLES = 160_000  # the version from which on foreign tables may have triggers for TRUNCATE
FOREIGN = "f"


@dataclass(frozen=True)
class GatedTable:
    """A table through which rows can be written; ``stands`` tells whether the gate's triggers are there, and fire.

    ``subscribed`` says that the worker of a subscription writes rows of it.
    """

    oid: int
    schema: str
    name: str
    kind: str  # pg_class.relkind: r, p or f
    subscribed: bool
    stands: bool

    @property
    def full_name(self) -> str:
        """``schema.table``, unquoted."""
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        """The qualified name, quoted."""
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True)
class Gate:
    """The gate of one legacy database: at its own tables, or at those that its rows go to in the unified database.

    ``schema`` and ``function`` are where its function is, ``message`` and ``hint`` what it says to whom it refuses.
    """

    schema: str
    function: str
    message: str
    hint: str

    @classmethod
    def of_source(cls, database: str) -> "Gate":
        """Return the gate that stands in the legacy database itself: closed from the cutover on."""
        message = f"payrollx: {database} has moved to the unified database, and takes no writes here any more"
        hint = "connect to the unified database, and write there"
        return cls(SOURCE_SCHEMA, _short(f"moved {database}"), message, hint)

    @classmethod
    def of_target(cls, database: str) -> "Gate":
        """Return the gate of that database's tables in the unified one: closed until the cutover."""
        message = f"payrollx: these tables still follow {database}, and take no writes here yet"
        return cls(
            TARGET_SCHEMA, _short(f"moved {database}"), message, "write to the legacy database until the cutover"
        )

    @property
    def place(self) -> dict[str, str]:
        """Where the gate's function is, as the queries take it."""
        return {"schema": self.schema, "function": self.function}

    def close(self) -> sql.Composed:
        """Return the statement that closes the gate; who waits at one of its tables is refused."""
        parts = {"message": sql.Literal(self.message), "hint": sql.Literal(self.hint)}
        return self._define(sql.SQL(queries.load("gate_closed_body")).format(**parts))

    def open(self) -> sql.Composed:
        """Return the statement that opens the gate, and that makes it where it isn't there."""
        return self._define(sql.SQL(queries.load("gate_open_body")))

    def attach(self, table: GatedTable, version: int) -> sql.Composed:
        """Return the statements that put the gate's triggers at ``table`` of a server of that version.

        They take SHARE ROW EXCLUSIVE on it. A trigger of that name that doesn't fire, or calls something else, is
        replaced.
        """
        truncate = sql.SQL("" if table.kind == FOREIGN and version < TRUNCATED_FOREIGN_TABLES else " OR TRUNCATE")
        text = (
            "CREATE OR REPLACE TRIGGER {trigger} BEFORE INSERT OR UPDATE OR DELETE{truncate} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION {function}();"
            " ALTER {kind} {table} ENABLE ALWAYS TRIGGER {trigger}"
        )
        if table.subscribed:  # after the row: what its function returns counts before it
            text += (
                "; CREATE OR REPLACE TRIGGER {of_rows} AFTER INSERT OR UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION {function}(); ALTER {kind} {table} ENABLE ALWAYS TRIGGER {of_rows}"
            )
        return sql.SQL(text).format(
            trigger=sql.Identifier(TRIGGER),
            of_rows=sql.Identifier(ROWS_TRIGGER),
            truncate=truncate,
            table=table.identifier,
            function=sql.Identifier(self.schema, self.function),
            kind=sql.SQL("FOREIGN TABLE" if table.kind == FOREIGN else "TABLE ONLY"),
        )

    def _define(self, body: sql.Composable) -> sql.Composed:
        function = sql.Identifier(self.schema, self.function)
        return sql.SQL(queries.load("gate_function")).format(function=function, body=sql.Literal(body.as_string(None)))


async def gated_tables(connection: Connection, gate: Gate, tables: Collection[int]) -> list[GatedTable]:
    """Return the tables through which rows of ``tables`` (oids) can be written, with whether ``gate`` stands there."""
    return [GatedTable(*row) for row in await run(connection, _tables_query(gate, tables))]


async def attach(connection: Connection, gate: Gate, tables: Collection[int]) -> list[GatedTable]:
    """Put ``gate`` at all tables through which rows of ``tables`` can be written, in the current transaction.

    Its function must be there. Returns those at which it didn't stand.
    """
    return await _attach_missing(connection, gate, await run(connection, _tables_query(gate, tables)))


async def close(
    connection: Connection, gates: Mapping[Gate, Collection[int]], *before: sql.Composable, asking: sql.Composable
) -> list[tuple[Any, ...]]:
    """Close ``gates`` in the current transaction, once statements ``before`` that are done.

    Each is put at all tables through which rows of its tables (oids) can be written, where it doesn't stand. Its
    function must be there. Returns the answer of ``asking``, in the same round trip. Raises what the driver raises.
    """
    statements = [*before, *(gate.close() for gate in gates)]
    questions = [_tables_query(gate, tables) for gate, tables in gates.items()]
    *answers, answer = await run_together(connection, [*statements, *questions, asking])
    for gate, rows in zip(gates, answers[len(statements) :], strict=True):
        await _attach_missing(connection, gate, rows)
    return answer


async def is_closed(connection: Connection, gate: Gate) -> bool | None:
    """Tell whether ``gate`` is closed; ``None`` where its function isn't there."""
    rows = await run(connection, _state_query(gate))
    return bool(rows[0][0]) if rows else None


async def stands(connection: Connection, gate: Gate, tables: Collection[int]) -> list[str]:
    """Say what keeps ``gate`` from refusing all writes to ``tables`` (oids): empty where it does."""
    state, rows = await run_together(connection, [_state_query(gate), _tables_query(gate, tables)])
    if not (state and state[0][0]):
        return [f"the function {gate.schema}.{gate.function} doesn't refuse writes, or isn't there"]
    missing = [table for table in (GatedTable(*row) for row in rows) if not table.stands]
    names = {table.full_name: f"{TRIGGER} or {ROWS_TRIGGER}" if table.subscribed else TRIGGER for table in missing}
    return [f"the trigger {trigger} doesn't stand at {name}" for name, trigger in names.items()]


async def remove(connection: Connection, gate: Gate) -> None:
    """Drop the gate's triggers, wherever they stand, and its function, in the current transaction.

    Takes ACCESS EXCLUSIVE on each table, so it waits for readers, for as long as the session's lock_timeout says.
    """
    names = gate.place
    rows = await run(connection, sql.SQL(queries.load("gate_triggers")), names)
    drop = sql.SQL("DROP TRIGGER IF EXISTS {} ON {}")
    statements: Sequence[sql.Composable] = [
        *(drop.format(sql.Identifier(trigger), sql.Identifier(schema, table)) for schema, table, trigger in rows),
        sql.SQL("DROP FUNCTION IF EXISTS {}()").format(sql.Identifier(gate.schema, gate.function)),
    ]
    await run(connection, sql.SQL("; ").join(statements))


async def _attach_missing(connection: Connection, gate: Gate, rows: Iterable[tuple[Any, ...]]) -> list[GatedTable]:
    missing = [table for table in (GatedTable(*row) for row in rows) if not table.stands]
    if missing:
        version = connection.info.server_version
        await run_together(connection, [gate.attach(table, version) for table in missing])
    return missing


def _state_query(gate: Gate) -> sql.Composed:
    return sql.SQL(queries.load("gate_state")).format(**gate.place)


def _tables_query(gate: Gate, tables: Collection[int]) -> sql.Composed:
    return sql.SQL(queries.load("gate_tables")).format(
        tables=list(tables), trigger=TRIGGER, of_rows=ROWS_TRIGGER, **gate.place
    )


def _short(name: str) -> str:
    """Return a name that the server doesn't cut: the end of a long one is replaced by a fingerprint of it."""
    if len(name.encode()) <= NAME_BYTES:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return name.encode()[: NAME_BYTES - len(mark) - 1].decode(errors="ignore") + " " + mark
