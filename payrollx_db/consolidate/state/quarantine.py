"""The quarantine: which source rows stay out or change on the way in, and why, with the whole legacy row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from psycopg import sql
from psycopg.rows import dict_row

from payrollx_db.consolidate.state import schema
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)

Kind = Literal["row", "value", "adopted"]
# Where the kept rows of a source table lie: the FROM item, called ``s``, and the condition.
KeptRows = Callable[[str], tuple[sql.Composable, sql.Composable]]

STAGING = "CREATE TEMP TABLE set_aside (key text, row jsonb) ON COMMIT DROP"
STAGED = (("pg_temp", "set_aside"), ["key", "row"])


@dataclass(frozen=True)
class Decision:
    """What a policy says of one source row.

    ``source`` is ``database.schema.table``, ``key`` its primary key as text, ``column`` the target column
    that a ``value`` decision changes. ``cause`` names the row whose quarantine caused this one's, if one did.
    """

    source: str
    key: str
    kind: Kind
    code: str
    action: str
    column: str = ""
    cause: str = ""


async def record(connection: Connection, run: int, decisions: Sequence[Decision]) -> None:
    """Record decisions; the rows themselves follow with the part that they belong to."""
    rows = [(run, d.source, d.key, d.kind, d.code, d.action, d.column, d.cause) for d in decisions]
    await connection.cursor().executemany(queries.load("record_decision"), rows)


async def decisions(connection: Connection, runs: Sequence[int]) -> list[Decision]:
    """Return the decisions of these runs that are in force."""
    if not await schema.exists(connection) or not runs:
        return []
    cursor = await connection.execute(queries.load("decisions"), (list(runs),))
    return [Decision(*row) for row in await cursor.fetchall()]


async def entries(connection: Connection, *, run: int | None = None, source: str = "") -> list[dict[str, Any]]:
    """Return quarantined rows and kept values, newest run first, with their legacy rows."""
    if not await schema.exists(connection):
        return []
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(queries.load("quarantined"), {"run": run, "source": source})
    return await cursor.fetchall()


async def held_back(connection: Connection, catalog: str, schema_name: str) -> dict[str, int]:
    """Return how many rows of each source table stay out of the tables of a catalog's schema, where any do."""
    if not await schema.exists(connection):
        return {}
    cursor = await connection.execute(queries.load("rows_held_back"), {"catalog": catalog, "schema": schema_name})
    return dict(await cursor.fetchall())


def kept_rows(runs: Sequence[int]) -> KeptRows:
    """Return where the rows lie that stay out by what these runs decided and is in force, for comparisons."""

    def place(source: str) -> tuple[sql.Composable, sql.Composable]:
        where = sql.SQL(queries.load("kept_rows"))
        return sql.SQL("payrollx_meta.quarantine AS s"), where.format(source=source, runs=list(runs))

    return place


async def sources_with_decisions(connection: Connection, run: int) -> set[str]:
    """Return the source tables of whose rows some stay out, or are kept because a value changes."""
    cursor = await connection.execute(queries.load("sources_with_decisions"), (run,))
    return {source for (source,) in await cursor.fetchall()}


async def keys_to_keep(writer: Any, run: int, source: str) -> list[str]:
    """Return, in an asyncpg transaction, the keys of the rows of a source table that decisions speak of."""
    return [record["key"] for record in await writer.fetch(queries.load("quarantined_keys"), run, source)]


async def keep_staged(writer: Any, run: int, source: str) -> int:
    """Keep the legacy rows that lie in the table `STAGING`, and forget those that are gone from the source.

    Returns how many of them stay out of the target.
    """
    await writer.execute(queries.load("keep_rows"), run, source)
    await writer.execute(queries.load("delete_vanished"), run, source)
    return int(await writer.fetchval(queries.load("count_quarantined"), run, source))


async def lift(writer: Any, source: str, keys: Sequence[str]) -> None:
    """Record, in an asyncpg transaction, that these rows are in the target after all."""
    await writer.execute(queries.load("lift_quarantine"), source, list(keys))
