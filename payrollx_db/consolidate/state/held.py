"""What is held back while databases are followed: the quarantine's records, renewed by passes and settlings.

They stand with the run that copied their table, and are written in the transaction that they speak of. A record is in
force as long as nothing says that its row was restored.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from psycopg import sql

from payrollx_db.consolidate.state import schema
from payrollx_db.consolidate.state.quarantine import Decision
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Table
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

AT_ONCE = 10_000  # decisions in one statement
STAGING = """
CREATE TEMP TABLE IF NOT EXISTS set_aside (key text, row jsonb) ON COMMIT DELETE ROWS; TRUNCATE pg_temp.set_aside
"""
STAGED = "COPY pg_temp.set_aside (key, row) FROM STDIN (FORMAT binary)"


@dataclass(frozen=True)
class Wait:
    """What a row waits for: a row of ``table`` (``schema.table``) whose ``columns`` have these ``values``."""

    table: str
    columns: tuple[str, ...]
    values: tuple[str, ...]


async def held_keys(connection: Connection, sources: Collection[str]) -> dict[str, set[str]]:
    """Return by source table (``database.schema.table``) the keys of rows of which a record is in force."""
    if not await schema.exists(connection):
        return {}
    cursor = await connection.execute(queries.load("held_keys"), (list(sources),))
    keys: dict[str, set[str]] = {}
    for source, key in await cursor.fetchall():
        keys.setdefault(source, set()).add(key)
    return keys


async def any_among(connection: Connection, keys: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a record is in force of any of these rows, by their source tables. Raises psycopg's errors."""
    given = json.dumps({source: list(some) for source, some in keys.items()}, ensure_ascii=False)
    ((known,),) = await (await connection.execute(queries.load("held_among"), {"keys": given})).fetchall()
    return bool(known)


async def come(
    connection: Connection, sources: Collection[str], tables: Mapping[str, Table], *, others: bool
) -> dict[str, list[str]]:
    """Return by source table the keys of held rows for which what they wait for is there now, in these target tables.

    With ``others``, also those of rows that clash with another one, or wait for nobody knows what.
    """
    keys: dict[str, list[str]] = {}
    for table, columns in await awaited(connection, sources):
        if table in tables:
            rows = tables[table].identifier
            for source, key in await come_among(connection, sources, tables[table], columns, rows):
                keys.setdefault(source, []).append(key)
    if others:
        cursor = await connection.execute(queries.load("held_for_others"), {"sources": list(sources)})
        for source, key in await cursor.fetchall():
            keys.setdefault(source, []).append(key)
    return keys


async def awaited(connection: Connection, sources: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the tables of which held rows wait for a row, and by which of its columns. Raises psycopg's errors."""
    cursor = await connection.execute(queries.load("waits"), {"sources": list(sources)})
    return [(table, tuple(columns)) for table, columns in await cursor.fetchall()]


async def come_among(
    connection: Connection, sources: Collection[str], table: Table, columns: Sequence[str], rows: sql.Composable
) -> list[tuple[str, str]]:
    """Return the held rows, by source table and key, that wait for one of ``rows``, which have the table's columns.

    Raises psycopg's errors.
    """
    query = sql.SQL(queries.load("arrived")).format(
        table=rows,
        sources=list(sources),
        name=table.full_name,
        columns=json.dumps(columns),
        same=sql.SQL(" AND ").join(_same(table, name, number) for number, name in enumerate(columns)),
    )
    return [(source, key) for source, key in await run(connection, query)]


async def unnamed(connection: Connection, sources: Collection[str]) -> dict[str, list[tuple[str, str, str]]]:
    """Return by source table the key, kind and column of each held orphan of which nobody knows what it waits for."""
    cursor = await connection.execute(queries.load("unnamed_waits"), (list(sources),))
    orphans: dict[str, list[tuple[str, str, str]]] = {}
    for source, *rest in await cursor.fetchall():
        orphans.setdefault(source, []).append(tuple(rest))
    return orphans


async def name_waits(connection: Connection, source: str, waits: Mapping[tuple[str, str], Wait]) -> None:
    """Record what held orphans of a source table wait for, by their key and column."""
    rows = [
        {"source": source, "key": key, "column_name": column, "waits_for": asdict(wait)}
        for (key, column), wait in waits.items()
    ]
    for start in range(0, len(rows), AT_ONCE):
        text = json.dumps(rows[start : start + AT_ONCE], ensure_ascii=False)
        await connection.execute(queries.load("name_waits"), {"waits": text})


async def lacking(
    connection: Connection, table: Table, columns: Sequence[str], values: Iterable[tuple[str, ...]]
) -> set[tuple[str, ...]]:
    """Return those of ``values`` that no row of a table has in these columns. Raises psycopg's errors."""
    query = sql.SQL(queries.load("lacking")).format(
        table=table.identifier,
        values=json.dumps(list(values), ensure_ascii=False),
        same=sql.SQL(" AND ").join(
            _equal(table, name, sql.SQL("q.value ->> {}").format(sql.SQL(str(number))))
            for number, name in enumerate(columns)
        ),
    )
    return {tuple(value) for (value,) in await run(connection, query)}


async def forget(connection: Connection, source: str, keys: Collection[str]) -> None:
    """Forget the records in force of these rows: they are gone, or are decided about anew."""
    if keys:
        await connection.execute(queries.load("forget_held"), {"source": source, "keys": list(keys)})


async def release(connection: Connection, source: str, keys: Collection[str]) -> None:
    """Record that these rows are in the target after all, as they are in the source."""
    if keys:
        await connection.execute(queries.load("release_held"), {"source": source, "keys": list(keys)})


async def hold(
    connection: Connection, run: int, decisions: Iterable[Decision], waits: Sequence[Wait | None] = ()
) -> None:
    """Record what was decided about rows of one run's tables; their legacy rows follow by `keep_rows`.

    ``waits`` says of each decision what its row waits for, in the same order; empty where none waits.
    """
    rows = list(decisions)
    if not rows:
        return
    documents = {
        (d.source, d.key, d.kind, d.column): {
            "source": d.source, "key": d.key, "kind": d.kind, "code": d.code, "action": d.action,
            "column_name": d.column, "cause": d.cause, "waits_for": asdict(wait) if wait else None,
        }
        for d, wait in zip(rows, waits or [None] * len(rows), strict=True)
    }  # fmt: skip
    every = list(documents.values())
    for start in range(0, len(every), AT_ONCE):
        text = json.dumps(every[start : start + AT_ONCE], ensure_ascii=False)
        await connection.execute(queries.load("hold"), {"run": run, "decisions": text})


async def keep_rows(connection: Connection, run: int, source: str) -> None:
    """Keep with their records the legacy rows that lie in the temporary table of `STAGING`."""
    await connection.execute(queries.load("keep_held_rows"), {"run": run, "source": source})


def _same(table: Table, name: str, number: int) -> sql.Composable:
    """Return the condition that a row ``p`` has in a column what a record ``q`` waits for at that place."""
    return _equal(table, name, sql.SQL("q.waits_for -> 'values' ->> {}").format(sql.SQL(str(number))))


def _equal(table: Table, name: str, text: sql.Composable) -> sql.Composable:
    """Return the condition that a row ``p`` has in a column the value that is written so."""
    column = table.column(name)
    kind: sql.Composable = sql.SQL("text")
    if column is not None and column.type.built_in:
        kind = sql.SQL(column.type.bare.display)
    elif column is not None:
        kind = sql.Identifier(column.type.schema, column.type.name)
    return sql.SQL("p.{} = ({})::{}").format(sql.Identifier(name), text, kind)
