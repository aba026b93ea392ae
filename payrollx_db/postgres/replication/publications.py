"""Publications: which tables the log tells of, and which of their columns. For these are keys alone, where it can."""

from collections.abc import Sequence
from dataclasses import dataclass

from payrollx_db.postgres.replication.changes import Published
from payrollx_db.postgres.session import Connection


@dataclass(frozen=True)
class Surroundings:
    """What the log doesn't tell: of the publication, and of the partitions of the tables in it.

    Two of them are equal where nothing was changed in between. ``partitions`` has, by the oid of each partitioned
    table, a text that changes when a partition is attached, detached, dropped, emptied or rewritten.
    """

    publication: str | None
    partitions: dict[int, str]


async def create_publication(connection: Connection, name: str, tables: Sequence[Published]) -> None:
    """Publish the keys and the watched columns of these tables, and nothing else of them where the server can do so.

    From version 15 on a column list names them, but for tables with REPLICA IDENTITY FULL, whose updates the server
    would refuse then. Raises psycopg's errors, and StateConflictError where there is a publication of that name.
    """
    raise NotImplementedError


async def drop_publication(connection: Connection, name: str) -> None:
    """Drop a publication, if it is there. Raises psycopg's errors."""
    raise NotImplementedError


async def read_surroundings(connection: Connection, name: str) -> Surroundings:
    """Read, in the transaction's snapshot, what the log doesn't tell. Hold it against what was read when it was made.

    Where ``publication`` differs, the log may lack changes: stop. Where ``partitions`` does, take the table as emptied.
    Raises psycopg's errors.
    """
    raise NotImplementedError


async def barrier(connection: Connection, content: str) -> int:
    """Put a message into the log that `Changes.messages` will have; return an LSN that is behind it, and flushed.

    With it, all that any session has committed by now is in what the server sends, also where sessions don't wait for
    the log when they commit (synchronous_commit off). Raises psycopg's errors.
    """
    raise NotImplementedError
