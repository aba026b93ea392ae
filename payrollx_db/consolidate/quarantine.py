"""What stays out of the target, and why: decided before the copy, kept with the full legacy row.

A decision is about one source row, named by its own primary key. Of kind ``row``, the row stays out (it
counts as quarantined); of kind ``value``, the row goes in with something changed, and the legacy row is kept.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from psycopg import sql
from psycopg.rows import dict_row

from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import store
from payrollx_db.postgres.session import Connection

Kind = Literal["row", "value", "adopted"]


@dataclass(frozen=True)
class Decision:
    """What a policy says of one source row.

    ``source`` is ``database.schema.table``, ``key`` its primary key as text, ``column`` the target column
    that a ``value`` decision changes. ``cause`` names the row that this one fell with, if it did.
    """

    source: str
    key: str
    kind: Kind
    code: str
    action: str
    column: str = ""
    cause: str = ""


def apply(plan: Plan, decisions: Iterable[Decision]) -> Plan:
    """Return the plan with the exceptions that ``decisions`` make."""
    out: dict[str, dict[str, None]] = defaultdict(dict)
    nulled: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    adopted: dict[str, dict[str, None]] = defaultdict(dict)
    for decision in decisions:
        if decision.kind == "row":
            out[decision.source][decision.key] = None
        elif decision.kind == "adopted":
            adopted[decision.source][decision.key] = None
        elif decision.action == "null":
            nulled[decision.source, decision.column][decision.key] = None

    owners = {(table.database, table.target_name): table.source_name for table in plan.copies}

    def excepted(table: TablePlan) -> TablePlan:
        name = table.source_name
        # What is NULL in the owner's row is NULL in the target, so a duplicate of it is compared likewise.
        said = owners.get((table.owner, table.target_name), name) if table.owner else name
        columns = {c.target.name: tuple(keys) for c in table.columns if (keys := nulled.get((said, c.target.name)))}
        return replace(table, out=tuple(out[name]), nulled=columns, adopted=tuple(adopted[name]))

    return replace(plan, tables=tuple(map(excepted, plan.tables)))


async def record(connection: Connection, run: int, decisions: Sequence[Decision]) -> None:
    """Record decisions; the rows themselves follow with the part that they belong to."""
    await connection.cursor().executemany(
        "INSERT INTO payrollx_meta.quarantine (run_id, source, key, kind, code, action, column_name, cause)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [(run, d.source, d.key, d.kind, d.code, d.action, d.column, d.cause) for d in decisions],
    )


async def decided(connection: Connection, runs: Sequence[int]) -> list[Decision]:
    """Return the decisions that are in force, of these runs."""
    if not await store.exists(connection) or not runs:
        return []
    cursor = await connection.execute(
        "SELECT source, key, kind, code, action, column_name, cause FROM payrollx_meta.quarantine"
        " WHERE run_id = ANY (%s) AND restored_at IS NULL ORDER BY source, key, kind, column_name",
        (list(runs),),
    )
    return [Decision(*row) for row in await cursor.fetchall()]


async def entries(connection: Connection, *, run: int | None = None, source: str = "") -> list[dict[str, Any]]:
    """Return quarantined rows and kept values, newest run first, with their legacy rows."""
    if not await store.exists(connection):
        return []
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT run_id AS run, source, key, kind, code, action, column_name AS column, cause, row, restored_at"
        " FROM payrollx_meta.quarantine WHERE kind <> 'adopted' AND (%(run)s::bigint IS NULL OR run_id = %(run)s)"
        " AND (%(source)s = '' OR source = %(source)s OR source LIKE '%%.' || %(source)s)"
        " ORDER BY run_id DESC, source, key, column_name",
        {"run": run, "source": source},
    )
    return await cursor.fetchall()


def legacy_rows(table: TablePlan, keys: Iterable[str]) -> sql.Composable:
    """Return the query of key and whole row, as jsonb, of these rows of a source."""
    whole = sql.SQL("SELECT {}, pg_catalog.to_jsonb({}) FROM {} WHERE {}")
    return whole.format(
        table.source_key or sql.SQL("NULL"), sql.Identifier("s"), table.from_source, table.among(list(keys))
    )


def exported(entry: dict[str, Any]) -> str:
    """Return an entry as one line of JSON."""
    return json.dumps(entry, default=str, ensure_ascii=False)
