"""What runs have dropped and could not restore: why, and the statement by which a person gets it back."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.state import schema
from payrollx_db.consolidate.state.objects import DroppedObject, parse_object
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import ForeignKey, Index
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class Unrestored:
    """An index or a foreign key that a run has dropped and that isn't there; ``reason`` says why, if it was tried.

    ``target`` is the table that a foreign key points at, else empty; ``statement`` is what a person makes it with.
    """

    run: int
    table: str
    name: str
    kind: str
    reason: str
    target: str
    statement: str

    def __str__(self) -> str:
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.kind} {self.name} of {self.table}{reason}: {self.statement}"

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        names = ("run", "table", "name", "kind", "reason", "statement")
        return {name: getattr(self, name) for name in names}


async def unrestored(connection: Connection, runs: Collection[int]) -> tuple[Unrestored, ...]:
    """Return what these runs have dropped and what isn't there now. Raises what the driver raises."""
    if not runs or not await schema.exists(connection):
        return ()
    cursor = await connection.execute(queries.load("unrestored"), {"runs": list(runs)})
    rows = await cursor.fetchall()
    return tuple(_unrestored(*row) for row in rows)


async def record_problems(connection: Connection, run: int, problems: Iterable[tuple[DroppedObject, str]]) -> None:
    """Record, in the current transaction, why each of these could not be restored."""
    rows = [(reason, run, item.table, item.name) for item, reason in problems]
    query = "UPDATE payrollx_meta.objects SET problem = %s WHERE (run_id, table_name, name) = (%s, %s, %s)"
    if rows:
        await connection.cursor().executemany(query, rows)


def _unrestored(
    run: int, table: str, name: str, kind: str, detail: dict[str, Any], reason: str, half_way: bool
) -> Unrestored:
    thing = parse_object(kind, detail)
    target = thing.target if isinstance(thing, ForeignKey) else ""
    statement = (_completing if half_way else _making)(table, thing)
    return Unrestored(run, table, name, kind, reason, target, statement)


def _making(table: str, thing: Index | ForeignKey) -> str:
    """Return the statement that makes an index or a foreign key as it was designed."""
    if isinstance(thing, Index) and not thing.constraint:
        return f"{thing.definition};"
    words = thing.definition if isinstance(thing, ForeignKey) else thing.constraint_definition or ""
    name = thing.name if isinstance(thing, ForeignKey) else thing.constraint or thing.name
    return f"{_altering(table)} ADD CONSTRAINT {_quoted(name)} {words};"


def _completing(table: str, thing: Index | ForeignKey) -> str:
    """Return the statement that makes a constraint of an index that is there, or validates a key that is."""
    if isinstance(thing, ForeignKey):
        return f"{_altering(table)} VALIDATE CONSTRAINT {_quoted(thing.name)};"
    kind = "PRIMARY KEY" if thing.primary else "UNIQUE"
    _, _, deferred = (thing.constraint_definition or "").rpartition(")")
    name = _quoted(thing.constraint or thing.name)
    return f"{_altering(table)} ADD CONSTRAINT {name} {kind} USING INDEX {_quoted(thing.name)}{deferred};"


def _altering(table: str) -> str:
    return f"ALTER TABLE {_quoted(*table.split('.', 1))}"


def _quoted(*names: str) -> str:
    return sql.Identifier(*names).as_string(None)
