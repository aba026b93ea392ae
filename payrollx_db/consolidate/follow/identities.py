"""How the log names the changed rows of a table: its replica identity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Table
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.session_pool import SessionPool

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class ReplicaIdentity:
    """A table's replica identity; of a partitioned table, the worst of its partitions'.

    ``kind`` is pg_class.relreplident: d default, i an index, f full, n nothing; of partitions with several, n or m for
    mixed. ``columns`` are the index's. ``logged`` is false of unlogged tables.
    """

    kind: str
    columns: tuple[str, ...] = ()
    logged: bool = True

    def key_of(self, table: Table) -> tuple[str, ...]:
        """Return the columns by which the log names a row of ``table`` before and after a change; none: it doesn't."""
        if self.kind == "i":
            return self.columns
        return () if self.kind in ("n", "m") else table.primary_key


async def read_identities(
    sessions: SessionPool, endpoint: Endpoint, tables: Sequence[Table]
) -> Mapping[int, ReplicaIdentity]:
    """Return the replica identity of each of ``tables``, by oid. Raises SourceError or TargetError."""
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read the replica identities"):
            cursor = await connection.execute(queries.load("replica_identities"), {"tables": [t.oid for t in tables]})
            rows = await cursor.fetchall()
    return {oid: ReplicaIdentity(kind, tuple(columns or ()), logged) for oid, kind, columns, logged in rows}
