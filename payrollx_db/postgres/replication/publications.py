"""Publications: which tables the log tells of, and which of their columns. For these are keys alone, where it can."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.replication.changes import Published
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

COLUMN_LISTS = 150_000  # the version from which on a publication can name columns
CREATE = """
CREATE PUBLICATION {} FOR TABLE {}
WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = true)
"""
BARRIER = """
SELECT pg_catalog.set_config('synchronous_commit', 'local', true),
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_logical_emit_message(true, 'payrollx', {}), '0/0')::bigint
"""


@dataclass(frozen=True)
class Surroundings:
    """What the log doesn't tell: of the publication, and of the partitions of the tables in it.

    Two of them are equal where nothing was changed in between. ``publication`` is ``None`` where there is none.
    ``partitions`` has, by the oid of each partitioned table, a text that changes when a partition is attached,
    detached, dropped, emptied or rewritten.
    """

    publication: str | None
    partitions: dict[int, str]


async def create_publication(connection: Connection, name: str, tables: Sequence[Published]) -> None:
    """Publish the keys and the watched columns of these tables, and nothing else of them where the server can do so.

    From version 15 on a column list names them, with the rest of the replica identity, without which the server would
    refuse the application's own updates; so it would for tables with REPLICA IDENTITY FULL, which have no list. Raises
    psycopg's errors; a session that is read-only otherwise is not in this transaction.
    """
    async with connection.transaction():
        await _let_write(connection)
        oids = sql.Literal([table.oid for table in tables])
        rows = await run(connection, sql.SQL(queries.load("published_tables")).format(oids=oids))
        there = {oid: rest for oid, *rest in rows}
        listed = connection.info.server_version >= COLUMN_LISTS
        parts = [_published(table, *there[table.oid], listed=listed) for table in tables]
        await connection.execute(sql.SQL(CREATE).format(sql.Identifier(name), sql.SQL(", ").join(parts)))


async def drop_publication(connection: Connection, name: str) -> None:
    """Drop a publication, if it is there. Raises psycopg's errors."""
    async with connection.transaction():
        await _let_write(connection)
        await connection.execute(sql.SQL("DROP PUBLICATION IF EXISTS {}").format(sql.Identifier(name)))


async def read_surroundings(connection: Connection, name: str) -> Surroundings:
    """Read, in the transaction's snapshot, what the log doesn't tell. Hold it against what was read when it was made.

    Where ``publication`` differs, the log may lack changes: stop. Where ``partitions`` does, take the table as emptied.
    Raises psycopg's errors.
    """
    query = surroundings_query(name)
    ((publication, partitions),) = await run(connection, query)
    return Surroundings(publication, {int(oid): files for oid, files in (partitions or {}).items()})


def surroundings_query(name: str) -> sql.Composed:
    """Return the query of one row of which `read_surroundings` makes its answer, to be sent with others."""
    return sql.SQL(queries.load("surroundings")).format(name=sql.Literal(name))


async def barrier(connection: Connection, content: str) -> int:
    """Put a message into the log that `Changes.messages` will have; return an LSN behind all that is committed by now.

    All up to there is flushed, so that the server sends it, also where sessions don't wait for the log when they commit
    (synchronous_commit off). Needs a session without a transaction. Raises psycopg's errors.
    """
    ((_, lsn),) = await run(connection, barrier_query(content))
    return int(lsn)


def barrier_query(content: str) -> sql.Composed:
    """Return the statement by which `barrier` does so, to be sent with others, in a transaction of its own."""
    return sql.SQL(BARRIER).format(sql.Literal(content))


async def _let_write(connection: Connection) -> None:
    await connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE")


def _published(
    table: Published,
    schema: str,
    name: str,
    is_partitioned: bool,
    has_whole_rows: bool,
    identity: list[str],
    *,
    listed: bool,
) -> sql.Composed:
    text = sql.SQL("{} {}" if is_partitioned else "ONLY {} {}")
    columns = sql.SQL(", ").join(map(sql.Identifier, dict.fromkeys((*table.key, *table.watched, *identity))))
    names = sql.SQL("({})").format(columns) if listed and not has_whole_rows else sql.SQL("")
    return text.format(sql.Identifier(schema, name), names)
