"""All that is recorded of one run, for a report to read."""

from typing import Any, Literal, TypeVar

from psycopg.rows import class_row

from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)

T = TypeVar("T")

Name = Literal[
    "attempts",
    "findings",
    "loose_references",
    "parts",
    "quarantine",
    "sources",
    "steps",
    "tables",
    "verifications",
    "verified_sums",
    "verified_tables",
]


class Records:
    """The records of run ``number``, read in one transaction of ``connection``."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection = connection
        self._run = number

    async def read(self, kind: type[T], name: Name, **params: Any) -> tuple[T, ...]:
        """Return records as instances of ``kind``; none where the tool that recorded the run was too old for them.

        Raises what the driver raises.
        """
        exists = await self._connection.execute(queries.load("table_exists"), {"name": name})
        if not (await exists.fetchall())[0][0]:
            return ()
        cursor = self._connection.cursor(row_factory=class_row(kind))
        await cursor.execute(queries.load(f"report_{name}"), {"run": self._run, **params})
        return tuple(await cursor.fetchall())
