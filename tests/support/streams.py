"""A database whose log is read: what is written there, and what the stream hands out."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql
from watchers import PATIENCE, eventually
from worlds import query, value

from payrollx_db.postgres.replication.changes import Changes, Key, Published
from payrollx_db.postgres.replication.publications import create_publication, drop_publication
from payrollx_db.postgres.replication.slots import create_slot, drop_slot
from payrollx_db.postgres.replication.stream import MOST_KEYS, ChangeStream
from payrollx_db.postgres.session import Connection, Endpoint, run, session
from payrollx_db.postgres.url import DatabaseUrl

PUBLICATION = "payrollx"
SNAPSHOT = """
SELECT pg_current_snapshot()::text, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint
"""


def published(url: DatabaseUrl, name: str, *key: str, watched: Sequence[str] = ()) -> Published:
    """Return a table of a database, named as regclass takes it, as it is to be published."""
    ((oid, full),) = query(
        url,
        "SELECT c.oid::bigint, n.nspname || '.' || c.relname FROM pg_class AS c"
        " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = %s::regclass",
        (name,),
    )
    return Published(oid, full, key, tuple(watched))


@dataclass
class Followed:
    """A stream that runs, and where it reads: ``began`` is the slot's first position."""

    endpoint: Endpoint
    connection: Connection
    stream: ChangeStream
    tables: tuple[Published, ...]
    began: int

    def write(self, statements: str) -> None:
        """Run statements in a session of their own, as one transaction unless they say otherwise."""
        with psycopg.connect(self.endpoint.url.conninfo(), autocommit=True) as connection:
            connection.execute("SET synchronous_commit = on")
            connection.execute(statements)

    async def snapshot(self) -> tuple[str, int]:
        """Return what the database's state is now, and up to where its log is written."""
        ((snapshot, lsn),) = await run(self.connection, sql.SQL(SNAPSHOT))
        return snapshot, lsn

    async def changes(self, snapshot: str = "") -> Changes:
        """Read the stream up to now, and hand out what changed, under this moment's snapshot or another."""
        self.write("SELECT pg_logical_emit_message(true, 'test', '')")
        now, lsn = await self.snapshot()
        await self.stream.until(lsn, PATIENCE)
        return self.stream.take(snapshot or now)

    async def keys(self, table: int = 0) -> list[Key]:
        """Return the keys of the table by its number that have changed by now, sorted."""
        changes = await self.changes()
        return sorted(changes.keys.get(self.tables[table].oid, ()), key=str)

    async def close(self) -> None:
        """End the stream, and wait until the server's process has heard its last word and is gone."""
        await self.stream.close()
        held = "SELECT active FROM pg_replication_slots WHERE slot_name = %s"
        eventually(lambda: not value(self.endpoint.url, held, (self.stream.slot,)), "the end of the server's process")

    async def again(self, at: int, **options: int) -> ChangeStream:
        """End the stream, and start one anew."""
        await self.stream.close()
        self.stream = ChangeStream(self.endpoint, self.stream.slot, PUBLICATION, self.tables, **options)
        await self.stream.start(at)
        return self.stream


@asynccontextmanager
async def followed(
    url: DatabaseUrl, *tables: Published, slot: str = "", most_keys: int = MOST_KEYS
) -> AsyncIterator[Followed]:
    """Make a publication and a slot, and read the log while the block lasts; nothing of it is left then."""
    endpoint = Endpoint(url, "source", "old").placed()
    slot = slot or f"s_{value(url, 'SELECT oid FROM pg_database WHERE datname = current_database()')}"
    async with session(endpoint) as connection:
        await create_publication(connection, PUBLICATION, tables)
        began = await create_slot(endpoint, slot)
        stream = ChangeStream(endpoint, slot, PUBLICATION, tables, most_keys=most_keys)
        one = Followed(endpoint, connection, stream, tables, began)
        try:
            await stream.start(began)
            yield one
        finally:
            await one.stream.close()
            async with session(replace(endpoint, place=None)) as cleaning:
                await drop_slot(cleaning, slot)
                await drop_publication(cleaning, PUBLICATION)
