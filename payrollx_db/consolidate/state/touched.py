"""Keys that passes have touched since both sides were proven equal, and the proofs themselves.

A key is kept as a JSON array of the texts of its columns, as the log has them; a table that was brought over as a whole
by one record of its own.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from payrollx_db.consolidate.state import schema
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)

FIRST_VERSION = next(number for number, name in enumerate(schema.MIGRATIONS, 1) if name.endswith("_settling.sql"))
CHANGED, WHOLE = "changed", "whole"
WHOLE_COUNTS = 1_000  # keys, where a table was brought over as a whole: nobody has counted its rows


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
    """Return how many keys of these databases were touched since then; a whole table counts as many."""
    query = """
    SELECT coalesce(pg_catalog.sum(CASE WHEN why = %s THEN %s ELSE 1 END), 0)
    FROM payrollx_meta.touched WHERE database = ANY (%s)
    """
    ((number,),) = await (await connection.execute(query, (WHOLE, WHOLE_COUNTS, list(databases)))).fetchall()
    return int(number)


@dataclass(frozen=True)
class Touched:
    """What was touched: keys by database and table (``schema.table``), and tables of which any row may have been."""

    keys: Mapping[str, Mapping[str, Sequence[tuple[str | None, ...]]]]
    whole: frozenset[tuple[str, str]] = frozenset()


async def since_proofs(connection: Connection, databases: Collection[str]) -> Touched | None:
    """Return what was touched of these databases since they were proven; ``None`` where one of them never was."""
    if await schema.version(connection) < FIRST_VERSION:
        return None
    cursor = await connection.execute(queries.load("touched_since_proofs"), (list(databases),))
    proven, noted = _touched(await cursor.fetchall())
    return noted if set(databases) <= proven else None


def _touched(rows: Iterable[tuple[str, str | None, str, str]]) -> tuple[set[str], Touched]:
    """Return what rows of the state say, and of which databases they are; one without a table says only that."""
    known: dict[str, dict[str, list[tuple[str | None, ...]]]] = {}
    whole: set[tuple[str, str]] = set()
    for database, source, key, why in rows:
        by_table = known.setdefault(database, {})
        if source is not None and why == WHOLE:
            whole.add((database, source))
        elif source is not None:
            by_table.setdefault(source, []).append(tuple(json.loads(key)))
    return set(known), Touched(known, frozenset(whole))


def note(database: str, table: str, some: Sequence[tuple[str | None, ...]]) -> sql.Composed:
    """Return the statement that notes keys of a table; it concerns as many rows as of these keys are new."""
    texts = [json.dumps(key, ensure_ascii=False) for key in some]
    values = {"database": database, "source": table, "keys": texts, "why": CHANGED}
    return sql.SQL(queries.load("note_touched")).format(**values)


def note_whole(database: str, table: str) -> sql.Composed:
    """Return the statement that notes a table of which all rows were brought over: one that was emptied, say."""
    values = {"database": database, "source": table, "keys": [""], "why": WHOLE}
    return sql.SQL(queries.load("note_touched")).format(**values)


async def of(connection: Connection, databases: Collection[str]) -> Touched:
    """Return what was touched of these databases since their keys are noted. Raises psycopg's errors."""
    query = "SELECT database, source, key, why FROM payrollx_meta.touched WHERE database = ANY (%s)"
    return _touched(await (await connection.execute(query, (list(databases),))).fetchall())[1]


async def begin_noting(connection: Connection, database: str) -> None:
    """Forget, in the current transaction, what was noted of a database that isn't proven: it is noted from here on."""
    await connection.execute("DELETE FROM payrollx_meta.touched WHERE database = %s", (database,))


async def begin_proof(connection: Connection, database: str, place: str, snapshot: str | None) -> None:
    """Record, in the current transaction, that all was equal at ``place``: only what is touched later counts."""
    await connection.execute("DELETE FROM payrollx_meta.touched WHERE database = %s", (database,))
    await connection.execute(queries.load("record_proof"), (database, place, snapshot))


async def forget_proof(connection: Connection, database: str) -> None:
    """Record, in the current transaction, that nothing is proven of a database any more."""
    await connection.execute("DELETE FROM payrollx_meta.touched WHERE database = %s", (database,))
    await connection.execute("DELETE FROM payrollx_meta.proofs WHERE database = %s", (database,))
