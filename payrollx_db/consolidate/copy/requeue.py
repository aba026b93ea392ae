"""Retry: rows in quarantine whose cause is gone go in after all, as the source has them now.

Each is inserted under a savepoint of its own, so that the target's own constraints decide, not a copy of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan, parents_first
from payrollx_db.consolidate.quarantine import Decision
from payrollx_db.consolidate.state.lock import enter
from payrollx_db.postgres.copy_pipe import pipe
from payrollx_db.postgres.errors import explain
from payrollx_db.postgres.session import Connection, render_sql

REFUSED = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)
KEY = "payrollx_source_key"

LIFT = """
UPDATE payrollx_meta.quarantine SET restored_at = pg_catalog.clock_timestamp()
WHERE source = $1 AND key = ANY ($2) AND kind = 'row' AND restored_at IS NULL
"""
ACCOUNT = """
UPDATE payrollx_meta.tables SET rows_written = rows_written + $4, rows_merged = rows_merged + $5,
       rows_quarantined = rows_quarantined - $4 - $5
WHERE source = $1 AND target = $2 AND run_id = $3
"""
RECORD = """
INSERT INTO payrollx_meta.slices (run_id, source, target, part, slice, rows_read, rows_written, bytes)
SELECT run_id, source, target, part, max(slice) + 1, 1, 1, 0 FROM payrollx_meta.slices
WHERE (run_id, source, target) = ($1, $2, $3) GROUP BY run_id, source, target, part
"""


@dataclass(frozen=True)
class Retried:
    """What became of one source table's quarantined rows: keys that went in, and for the others the reason why not."""

    source: str
    restored: tuple[str, ...]
    refused: Mapping[str, str]


@dataclass(frozen=True)
class QuarantineRetrier:
    """Tries the quarantined rows of one target again. ``runs`` maps each recorded (source, target) to its run.

    ``connection`` is the session that holds the lock of this target's runs.
    """

    context: Context
    connection: Connection
    runs: Mapping[tuple[str, str], int]

    async def tables(self, group: Sequence[TablePlan], keys: Sequence[str]) -> Retried:
        """Try rows of one source table, into all of its targets or none.

        ``group`` are the plans of that table, parents first. Raises SourceError or TargetError.
        """
        sessions, source, target = self.context.sessions, self.context.sources[group[0].database], self.context.target
        refused = dict.fromkeys(keys, "gone from the source, or its values still can't be converted")
        restored: list[str] = []
        async with sessions.copy_connection(source) as reader, sessions.copy_connection(target, fresh=True) as writer:
            with target.translating_errors("can't put rows back"):
                async with writer.transaction():
                    await enter(writer, target, self.connection.info.backend_pid, f"quarantine {group[0].target_name}")
                    staged = [await self._stage(n, table, keys, reader, writer) for n, table in enumerate(group)]
                    for key in sorted(set.intersection(*(set(found) for _, found in staged))):
                        if reason := await _insert(writer, group, [name for name, _ in staged], key, self.runs):
                            refused[key] = reason
                        else:
                            restored.append(key)
                            del refused[key]
                    await self._lift(writer, group, restored, merged=False)
        return Retried(group[0].source_name, tuple(restored), refused)

    async def duplicates(self, group: Sequence[TablePlan], keys: Sequence[str]) -> Retried:
        """Merge rows of a duplicate table that are now equal to rows of the target. Raises as `tables` does."""
        sessions, source, target = self.context.sessions, self.context.sources[group[0].database], self.context.target
        refused = dict.fromkeys(keys, "the target has no equal row")
        async with sessions.copy_connection(source) as reader, sessions.copy_connection(target, fresh=True) as writer:
            with target.translating_errors("can't merge rows"):
                async with writer.transaction():
                    await enter(writer, target, self.connection.info.backend_pid, f"quarantine {group[0].target_name}")
                    equal = set(keys)
                    for number, table in enumerate(group):
                        name, _ = await self._stage(number, table, keys, reader, writer)
                        equal &= {record["key"] for record in await writer.fetch(render_sql(_equal_rows(table, name)))}
                    await self._lift(writer, group, sorted(equal), merged=True)
        return Retried(group[0].source_name, tuple(sorted(equal)), {k: r for k, r in refused.items() if k not in equal})

    async def _stage(
        self, number: int, table: TablePlan, keys: Sequence[str], reader: Any, writer: Any
    ) -> tuple[str, list[str]]:
        """Bring the rows that can be converted into a temporary table; return its name and their keys."""
        name = f"retried_{number}"
        made, goal = sql.Identifier(name), sql.Identifier(table.target.schema, table.target.name)
        columns = [column.target.name for column in table.columns]
        listed = sql.SQL(", ").join(map(sql.Identifier, columns))
        shape = sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {}, ''::text AS {} FROM {} LIMIT 0")
        await writer.execute(render_sql(shape.format(made, listed, sql.Identifier(KEY), goal)))
        valid = [c.conversion.valid for c in table.columns if c.conversion.valid is not None]
        where = sql.SQL(" AND ").join([table.among(keys), *(sql.SQL("({})").format(_or_null(v)) for v in valid)])
        values = sql.SQL(", ").join(
            sql.SQL("CASE WHEN {} THEN {} END").format(c.conversion.valid, table.value(c))
            if c.conversion.valid is not None
            else table.value(c)
            for c in table.columns
        )
        key = table.source_key or sql.SQL("NULL")
        query = sql.SQL("SELECT {}, {} FROM {} WHERE {}").format(values, key, table.from_clause, where)
        source, target = self.context.sources[table.database], self.context.target
        staged = ("pg_temp", name)
        await pipe(
            reader,
            render_sql(query),
            writer,
            staged,
            [*columns, KEY],
            source=source,
            target=target,
            rate=self.context.rate,
        )
        found = await writer.fetch(
            render_sql(sql.SQL("SELECT {} AS key FROM pg_temp.{}").format(sql.Identifier(KEY), made))
        )
        return name, [record["key"] for record in found]

    async def _lift(self, writer: Any, group: Iterable[TablePlan], keys: Sequence[str], *, merged: bool) -> None:
        if not keys:
            return
        count = (0, len(keys)) if merged else (len(keys), 0)
        for table in group:
            await writer.execute(LIFT, table.source_name, list(keys))
            if table.place in self.runs:
                await writer.execute(ACCOUNT, *table.place, self.runs[table.place], *count)


def plans_with_keys(plan: Plan, decisions: Iterable[Decision]) -> dict[str, tuple[list[TablePlan], list[str]]]:
    """Return by source table its plans and the keys of its rows that stay out."""
    keys: dict[str, dict[str, None]] = {}
    for decision in decisions:
        if decision.kind == "row":
            keys.setdefault(decision.source, {})[decision.key] = None
    first = [table.target_name for table in parents_first(plan)]
    groups = {source: [t for t in plan.tables if t.source_name == source] for source in keys}
    for group in groups.values():
        group.sort(key=lambda table: first.index(table.target_name))
    return {source: (group, list(keys[source])) for source, group in groups.items() if group}


async def recorded(connection: Connection) -> dict[tuple[str, str], int]:
    """Return which finished run wrote each table."""
    cursor = await connection.execute(
        "SELECT t.source, t.target, max(t.run_id) FROM payrollx_meta.tables AS t"
        " JOIN payrollx_meta.runs AS r ON r.id = t.run_id WHERE r.status = 'done' GROUP BY 1, 2"
    )
    return {(source, target): run for source, target, run in await cursor.fetchall()}


async def _insert(
    writer: Any, group: Sequence[TablePlan], staged: Sequence[str], key: str, runs: Mapping[tuple[str, str], int]
) -> str:
    """Insert one row into all its targets; return why the server refused it, or nothing.

    It is recorded as a slice of its own under the same savepoint, by which `undo.restart` knows it for ours.
    """
    try:
        async with writer.transaction():
            for table, name in zip(group, staged, strict=True):
                columns = sql.SQL(", ").join(sql.Identifier(column.target.name) for column in table.columns)
                goal = sql.Identifier(table.target.schema, table.target.name)
                statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM pg_temp.{} WHERE {} = $1").format(
                    goal, columns, columns, sql.Identifier(name), sql.Identifier(KEY)
                )
                await writer.execute(render_sql(statement), key)
                if table.place in runs:
                    await writer.execute(RECORD, runs[table.place], *table.place)
            await writer.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except REFUSED as error:
        return explain(error)
    return ""


def _equal_rows(table: TablePlan, staged: str) -> sql.Composable:
    """Return the query of the source keys of staged rows that the target has, equal in every column."""
    same = sql.SQL(" AND ").join(
        sql.SQL("r.{0} IS NOT DISTINCT FROM t.{0}").format(sql.Identifier(column.target.name))
        for column in table.columns
    )
    goal = sql.Identifier(table.target.schema, table.target.name)
    return sql.SQL("SELECT r.{} AS key FROM pg_temp.{} AS r JOIN {} AS t ON {}").format(
        sql.Identifier(KEY), sql.Identifier(staged), goal, same
    )


def _or_null(valid: sql.Composable) -> sql.Composable:
    """A NULL is no bad value: whether the target takes it, its constraint says."""
    return sql.SQL("coalesce({}, true)").format(valid)
