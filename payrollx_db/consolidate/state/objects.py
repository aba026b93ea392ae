"""Indexes and foreign keys that a run has dropped for the copy, as they were, and whether they are back."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from payrollx_db.consolidate.state import schema
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Database, ForeignKey, Index
from payrollx_db.postgres.session import Connection
from payrollx_db.schema.dropped_keys import DroppedKeys

queries = query_files.beside(__name__)

DROPPED_KEYS = DroppedKeys(
    f"{schema.SCHEMA}.objects",
    "SELECT EXISTS (SELECT FROM payrollx_meta.objects WHERE (table_name, name) = ($1, $2) AND restored_at IS NULL)",
)


@dataclass(frozen=True)
class DroppedObject:
    """An index or a foreign key that was dropped for the copy, and is to be restored."""

    table: str
    name: str
    thing: Index | ForeignKey
    restored: bool


async def record_dropped(connection: Connection, run: int, things: Iterable[tuple[str, Index | ForeignKey]]) -> None:
    """Record what is about to be dropped. To be called in the transaction that does it."""
    rows = [
        {
            "table_name": table,
            "name": thing.name,
            "kind": "index" if isinstance(thing, Index) else "foreign key",
            "detail": asdict(thing),
        }
        for table, thing in things
    ]
    if rows:
        await connection.execute(queries.load("record_dropped"), {"run": run, "rows": json.dumps(rows)})


async def record_restored(connection: Connection, run: int, places: Iterable[tuple[str, str]]) -> None:
    """Record that what was dropped, by table and name, is back. To be called in the transaction that restores it."""
    names = list(places)
    params = {"run": run, "tables": [table for table, _ in names], "names": [name for _, name in names]}
    await connection.execute(queries.load("record_restored"), params)


async def dropped_objects(connection: Connection, run: int) -> list[DroppedObject]:
    """Return what the run has dropped."""
    cursor = await connection.execute(queries.load("dropped_objects"), (run,))
    return [
        DroppedObject(table, name, parse_object(kind, detail), restored)
        for table, name, kind, detail, restored in await cursor.fetchall()
    ]


async def dropped_by(connection: Connection, runs: Iterable[int]) -> dict[int, list[DroppedObject]]:
    """Return what each of these runs has dropped, of those that have: in one query, as there may be a run a scope."""
    numbers, dropped = list(runs), dict[int, list[DroppedObject]]()
    if numbers:
        cursor = await connection.execute(queries.load("dropped_of_runs"), (numbers,))
        for run, table, name, kind, detail, restored in await cursor.fetchall():
            dropped.setdefault(run, []).append(DroppedObject(table, name, parse_object(kind, detail), restored))
    return dropped


async def designed_valid(connection: Connection) -> set[tuple[str, str]]:
    """Return table and name of the foreign keys that were valid when a run dropped them, whatever became of them."""
    cursor = await connection.execute(queries.load("designed_valid"))
    return {(table, name) for table, name in await cursor.fetchall()}


def with_dropped_objects(database: Database, things: Iterable[DroppedObject]) -> Database:
    """Return the target as it was before a run dropped its indexes and foreign keys."""
    tables = dict(database.tables)
    keys = {(key.table, key.name): key for key in database.foreign_keys}
    for item in things:
        if isinstance(item.thing, ForeignKey):
            keys.setdefault((item.table, item.name), item.thing)
        elif item.table in tables:  # one that is restored may lack its constraint still
            table = tables[item.table]
            others = (index for index in table.indexes if index.name != item.name)
            tables[item.table] = replace(table, indexes=(*others, item.thing))
    return replace(database, tables=tables, foreign_keys=tuple(keys.values()))


def parse_object(kind: str, detail: dict[str, Any]) -> Index | ForeignKey:
    """Return an index or a foreign key as it was recorded."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in detail.items()
    }
    return Index(**fields) if kind == "index" else ForeignKey(**fields)
