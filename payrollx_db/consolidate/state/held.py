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


async def come(
    connection: Connection, sources: Collection[str], tables: Mapping[str, Table], *, others: bool
) -> dict[str, list[str]]:
    """Return by source table the keys of held rows for which what they wait for is there now, in these target tables.

    With ``others``, also those of rows that clash with another one, or wait for nobody knows what.
    """
    waits = await connection.execute(queries.load("waits"), {"sources": list(sources)})
    keys: dict[str, list[str]] = {}
    for table, columns in await waits.fetchall():
        if table not in tables:
            continue
        query = sql.SQL(queries.load("arrived")).format(
            table=tables[table].identifier,
            sources=list(sources),
            name=table,
            columns=json.dumps(columns),
            same=sql.SQL(" AND ").join(_same(tables[table], name, number) for number, name in enumerate(columns)),
        )
        for source, key in await run(connection, query):
            keys.setdefault(source, []).append(key)
    if others:
        cursor = await connection.execute(queries.load("held_for_others"), {"sources": list(sources)})
        for source, key in await cursor.fetchall():
            keys.setdefault(source, []).append(key)
    return keys


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
    column = table.column(name)
    kind: sql.Composable = sql.SQL("text")
    if column is not None and column.type.built_in:
        kind = sql.SQL(column.type.bare.display)
    elif column is not None:
        kind = sql.Identifier(column.type.schema, column.type.name)
    return sql.SQL("p.{} = (q.waits_for -> 'values' ->> {})::{}").format(
        sql.Identifier(name), sql.SQL(str(number)), kind
    )
