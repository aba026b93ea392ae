"""Keys that passes have touched since both sides were proven equal, and the proofs themselves.

A key is kept as a JSON array of the texts of its columns, as the log has them.
"""

import json
from collections.abc import Collection, Sequence

from psycopg import sql

from payrollx_db.consolidate.state import schema
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)

FIRST_VERSION = next(number for number, name in enumerate(schema.MIGRATIONS, 1) if name.endswith("_settling.sql"))
CHANGED = "changed"


async def proven_place(connection: Connection, database: str) -> str | None:
    """Return the place of a database's log up to which it was proven equal to the target. Raises psycopg's errors."""
    if await schema.version(connection) < FIRST_VERSION:
        return None
    cursor = await connection.execute("SELECT place::text FROM payrollx_meta.proofs WHERE database = %s", (database,))
    row = await cursor.fetchone()
    return str(row[0]) if row else None


async def count(connection: Connection, database: str) -> int:
    """Return how many keys of a database were touched since then."""
    cursor = await connection.execute(
        "SELECT pg_catalog.count(*) FROM payrollx_meta.touched WHERE database = %s", (database,)
    )
    ((number,),) = await cursor.fetchall()
    return int(number)


async def count_of(connection: Connection, databases: Collection[str]) -> int:
    """Return how many keys of these databases were touched since then."""
    query = "SELECT pg_catalog.count(*) FROM payrollx_meta.touched WHERE database = ANY (%s)"
    ((number,),) = await (await connection.execute(query, (list(databases),))).fetchall()
    return int(number)


async def keys(connection: Connection, database: str) -> dict[str, list[tuple[str | None, ...]]]:
    """Return the touched keys of a database, by the name of their table (``schema.table``)."""
    query = "SELECT source, key FROM payrollx_meta.touched WHERE database = %s"
    by_table: dict[str, list[tuple[str | None, ...]]] = {}
    for source, key in await (await connection.execute(query, (database,))).fetchall():
        by_table.setdefault(source, []).append(tuple(json.loads(key)))
    return by_table


async def keys_since_proofs(
    connection: Connection, databases: Collection[str]
) -> dict[str, dict[str, list[tuple[str | None, ...]]]] | None:
    """Return the touched keys of these databases, each as `keys`; ``None`` where one of them was never proven."""
    if await schema.version(connection) < FIRST_VERSION:
        return None
    cursor = await connection.execute(queries.load("touched_since_proofs"), (list(databases),))
    known: dict[str, dict[str, list[tuple[str | None, ...]]]] = {}
    for database, source, key in await cursor.fetchall():
        by_table = known.setdefault(database, {})
        if source is not None:
            by_table.setdefault(source, []).append(tuple(json.loads(key)))
    return known if set(databases) <= known.keys() else None


def note(database: str, table: str, some: Sequence[tuple[str | None, ...]]) -> sql.Composed:
    """Return the statement that notes keys of a table; it concerns as many rows as of these keys are new."""
    texts = [json.dumps(key, ensure_ascii=False) for key in some]
    values = {"database": database, "source": table, "keys": texts, "why": CHANGED}
    return sql.SQL(queries.load("note_touched")).format(**values)


async def begin_proof(connection: Connection, database: str, place: str, snapshot: str | None) -> None:
    """Record, in the current transaction, that all was equal at ``place``: only what is touched later counts."""
    await connection.execute("DELETE FROM payrollx_meta.touched WHERE database = %s", (database,))
    await connection.execute(queries.load("record_proof"), (database, place, snapshot))


async def forget_proof(connection: Connection, database: str) -> None:
    """Record, in the current transaction, that nothing is proven of a database any more."""
    await connection.execute("DELETE FROM payrollx_meta.touched WHERE database = %s", (database,))
    await connection.execute("DELETE FROM payrollx_meta.proofs WHERE database = %s", (database,))
