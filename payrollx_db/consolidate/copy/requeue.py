"""Retry: rows in quarantine whose cause is gone go in after all, as the source has them now.

Each goes in under a savepoint of its own, so that the target's own constraints decide, not a copy of them.
"""

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from psycopg import sql

from payrollx_db.consolidate.check.attempts import Refused
from payrollx_db.consolidate.check.characters import undefined_among
from payrollx_db.consolidate.check.values import guard, scan_values
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan, parents_first
from payrollx_db.consolidate.run_session import pass_write_gate
from payrollx_db.consolidate.state import accounts, parts, quarantine
from payrollx_db.consolidate.state.quarantine import Decision
from payrollx_db.postgres.copy_pipe import pipe
from payrollx_db.postgres.errors import explain
from payrollx_db.postgres.session import render_sql

REFUSED = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)
KEY = "payrollx_source_key"


@dataclass(frozen=True)
class Retried:
    """What became of one source table's quarantined rows: keys that went in, and for the others the reason why not."""

    source: str
    restored: tuple[str, ...]
    refused: Mapping[str, str]


@dataclass(frozen=True)
class QuarantineRetrier:
    """Tries the quarantined rows of one target again. ``runs`` maps each recorded (source, target) to its run.

    ``lock_pid`` is the server's process id of the session that holds the run's lock. ``lossy`` are, by source, the
    keys of rows that are out because they would be changed: as long as they would, they stay out.
    """

    context: Context
    lock_pid: int
    runs: Mapping[tuple[str, str], int]
    lossy: Mapping[str, Collection[str]] = field(default_factory=dict)

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
                    await pass_write_gate(writer, target, self.lock_pid, f"quarantine {group[0].target_name}")
                    staged = [await self._stage(n, table, keys, reader, writer) for n, table in enumerate(group)]
                    for key in sorted(set.intersection(*(set(convertible) for _, convertible in staged))):
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
                    await pass_write_gate(writer, target, self.lock_pid, f"quarantine {group[0].target_name}")
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
        undefined = await undefined_among(self.context, table, keys)
        keys = [key for key in keys if key not in undefined]
        name = f"retried_{number}"
        staging, target_table = sql.Identifier(name), sql.Identifier(table.target.schema, table.target.name)
        columns = [column.target.name for column in table.columns]
        listed = sql.SQL(", ").join(map(sql.Identifier, columns))
        shape = sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {}, ''::text AS {} FROM {} LIMIT 0")
        await writer.execute(render_sql(shape.format(staging, listed, sql.Identifier(KEY), target_table)))
        known = (await scan_values(self.context, table, keys)).refused
        where = sql.SQL(" AND ").join([table.among(keys), *self._convertible(table, known)])
        values = sql.SQL(", ").join(guard(table, c, known, table.value(c)) for c in table.columns)
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
            form=table.form,
            source=source,
            target=target,
            rate=self.context.rate,
        )
        records = await writer.fetch(
            render_sql(sql.SQL("SELECT {} AS key FROM pg_temp.{}").format(sql.Identifier(KEY), staging))
        )
        return name, [record["key"] for record in records]

    def _convertible(self, table: TablePlan, known: Mapping[str, Refused]) -> Iterator[sql.Composable]:
        """Yield the conditions that a row's values can be converted, and are no other ones then."""
        for column in table.columns:
            if column.conversion.valid is not None:
                yield sql.SQL("({})").format(_or_null(column.conversion.valid))
            if refused := known.get(column.target.name):
                yield sql.SQL("NOT ({})").format(refused.among(table))
            if column.conversion.lossy is not None and (keys := self.lossy.get(table.source_name)):
                changed = guard(table, column, known, column.conversion.lossy)
                yield sql.SQL("NOT ({} AND coalesce({}, false))").format(table.among(keys), changed)

    async def _lift(self, writer: Any, group: Iterable[TablePlan], keys: Sequence[str], *, merged: bool) -> None:
        if not keys:
            return
        counts = {"written": 0, "merged": len(keys)} if merged else {"written": len(keys), "merged": 0}
        for table in group:
            await quarantine.lift(writer, table.source_name, keys)
            if table.place in self.runs:
                await accounts.move_from_quarantine(writer, self.runs[table.place], table.place, **counts)


def lossy_keys(decisions: Iterable[Decision]) -> dict[str, set[str]]:
    """Return by source the keys of rows that are out because the target would hold them otherwise."""
    keys: dict[str, set[str]] = {}
    for decision in decisions:
        if (decision.kind, decision.code) == ("row", "lossy"):
            keys.setdefault(decision.source, set()).add(decision.key)
    return keys


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


async def _insert(
    writer: Any, group: Sequence[TablePlan], staged: Sequence[str], key: str, runs: Mapping[tuple[str, str], int]
) -> str:
    """Insert one row into all its targets; return why the server refused it, or nothing.

    It is recorded as a slice of its own under the same savepoint, by which `undo.restart` knows it for ours.
    """
    try:
        async with writer.transaction():
            for table, name in zip(group, staged, strict=True):
                await _copy_staged(writer, table, name, key)
                if table.place in runs:
                    await parts.record_restored(writer, runs[table.place], table.place)
            await writer.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except REFUSED as error:
        return explain(error)
    return ""


async def _copy_staged(writer: Any, table: TablePlan, staged: str, key: str) -> None:
    """Copy one staged row into its target, as the run copied the others.

    An INSERT would do what the target's rules make of it, and would be refused where an identity is GENERATED ALWAYS.
    """
    names = [column.target.name for column in table.columns]
    listed = sql.SQL(", ").join(map(sql.Identifier, names))
    query = sql.SQL("SELECT {} FROM pg_temp.{} WHERE {} = {}").format(
        listed, sql.Identifier(staged), sql.Identifier(KEY), sql.Literal(key)
    )
    row = io.BytesIO()
    await writer.copy_from_query(render_sql(query), output=row, format=table.form)
    row.seek(0)
    target = table.target
    await writer.copy_to_table(target.name, schema_name=target.schema, columns=names, source=row, format=table.form)


def _equal_rows(table: TablePlan, staged: str) -> sql.Composable:
    """Return the query of the source keys of staged rows that the target has, equal in every column."""
    same = sql.SQL(" AND ").join(
        sql.SQL("r.{0} IS NOT DISTINCT FROM t.{0}").format(sql.Identifier(column.target.name))
        for column in table.columns
    )
    target_table = sql.Identifier(table.target.schema, table.target.name)
    return sql.SQL("SELECT r.{} AS key FROM pg_temp.{} AS r JOIN {} AS t ON {}").format(
        sql.Identifier(KEY), sql.Identifier(staged), target_table, same
    )


def _or_null(valid: sql.Composable) -> sql.Composable:
    """A NULL is no bad value: whether the target takes it, its constraint says."""
    return sql.SQL("coalesce({}, true)").format(valid)
