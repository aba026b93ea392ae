"""Indexes of large tables: dropped before the copy, restored after it, with the constraints that they carry.

Every definition is the server's own (`pg_get_indexdef`, `pg_get_constraintdef`), recorded before anything is
dropped, in the transaction that drops it. Indexes are built first and become constraints afterwards,
so that those of one table can be built at the same time. `selection` chooses which; `foreign_keys` does the same
for foreign keys.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg import sql

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.retrying import retry_transient
from payrollx_db.consolidate.run_session import pass_write_gate
from payrollx_db.consolidate.state import history, objects
from payrollx_db.consolidate.state.history import Timed
from payrollx_db.consolidate.state.objects import DroppedObject
from payrollx_db.model.events import ObjectBuilt
from payrollx_db.postgres.introspect import Index, Table
from payrollx_db.postgres.session import Connection, Endpoint, run, set_application_name

LOCK_TIMEOUT = "10s"  # for locks that others may hold; the target isn't in use yet, so nobody should

# Never more than the server's own setting: how much of it one statement may take is its administrator's word.
HELPERS = sql.SQL(
    "SELECT pg_catalog.set_config('max_parallel_maintenance_workers', LEAST({},"
    " pg_catalog.current_setting('max_parallel_maintenance_workers')::int)::text, true)"
)
# A definition doesn't say where an index lies; without this, a setting of the role or the database would.
TABLESPACE = sql.SQL("SELECT pg_catalog.set_config('default_tablespace', {}, true)")
CURRENT_INDEX = """
SELECT FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
WHERE i.indisvalid AND (n.nspname, t.relname, c.relname) = (%(schema)s, %(table)s, %(name)s)
"""
CURRENT_CONSTRAINT = """
SELECT FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS t ON t.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
WHERE (n.nspname, t.relname, k.conname) = (%(schema)s, %(table)s, %(name)s)
"""


@dataclass(frozen=True)
class _Step:
    """One index or constraint to restore: its name, what it is, and how. ``last`` says that it is back then."""

    name: str
    kind: str
    statements: tuple[sql.Composable, ...]
    last: bool = True


@dataclass(frozen=True)
class IndexBuilder:
    """Restores indexes and constraints that one run dropped; what a lost connection has cut off, once more."""

    context: RunContext

    async def build_index(self, table: str, index: Index, *, helpers: int = 0) -> None:
        """Build an index as it was, with at most so many of the server's parallel workers.

        Raises FindingsError where rows are twice, TargetError otherwise.
        """
        await self._do(table, [_building(table, index)], helpers)

    async def attach(self, table: str, indexes: Iterable[Index]) -> None:
        """Make constraints of the indexes that carry one, the primary key first."""
        for step in _attaching(table, indexes):
            await self._do(table, [step])

    async def build_all(self, table: str, indexes: Iterable[Index], constraints: Iterable[Index]) -> None:
        """Build ``indexes`` one after the other and make constraints of these, in one transaction: all of it or none.

        For a table of few rows, of which that takes less time than a transaction for each. Raises as `build_index`.
        """
        await self._do(table, [*(_building(table, index) for index in indexes), *_attaching(table, constraints)])

    async def analyze(self, table: str) -> None:
        """Give the planner its statistics of a table."""
        target = self.context.target

        async def once() -> None:
            async with self.context.sessions.session(target) as connection:
                with target.translating_errors(f"can't analyze {table}"):
                    async with connection.transaction():
                        await run(connection, set_application_name(target, f"run {self.context.run} {table}"))
                        await run(connection, sql.SQL("ANALYZE {}").format(qualified(table)))

        await retry_transient(once, f"analyzing {table}", self.context.observer)

    async def _do(self, table: str, steps: Sequence[_Step], helpers: int = 0) -> None:
        target, run_id = self.context.target, self.context.run
        done: list[Timed] = []

        async def once() -> None:
            done.clear()
            made: list[Timed] = []
            async with self.context.sessions.session(target) as connection:
                with target.translating_errors(f"can't restore the indexes of {table}"):
                    async with connection.transaction():
                        await pass_write_gate(connection, target, self.context.lock_pid, f"run {run_id} {table}")
                        await run(connection, HELPERS.format(sql.Literal(helpers)))
                        for step in steps:
                            timed, is_made = await self._restore(connection, table, step)
                            done.append(timed)
                            made += [timed] if is_made else []
                        await history.record_timed(connection, run_id, made)
                        if back := [(table, step.name) for step in steps if step.last]:
                            await objects.record_restored(connection, run_id, back)

        what = f"{steps[0].kind} {steps[0].name}" if len(steps) == 1 else f"the building of {len(steps)} indexes"
        await retry_transient(once, f"{what} on {table}", self.context.observer)
        for one in done:
            self.context.observer(ObjectBuilt(table, one.name, one.kind, one.seconds))

    async def _restore(self, connection: Connection, table: str, step: _Step) -> tuple[Timed, bool]:
        """Restore one thing, unless it is back; return when, and whether it wasn't."""
        started = time.monotonic()
        with self.context.target.translating_errors(f"can't build {step.kind} {step.name} on {table}"):
            # A connection may have been lost after the server's commit, before its answer.
            is_back = await _exists(connection, table, step.name, step.kind)
            for statement in () if is_back else step.statements:
                await run(connection, statement)
        return Timed(table, step.name, step.kind, started, time.monotonic() - started), not is_back


def _building(table: str, index: Index) -> _Step:
    place = TABLESPACE.format(sql.Literal(index.tablespace))
    if index.constraint and not _can_use_index(index):
        statements = (place, _add_constraint(table, index), *_constraint_comment(table, index))
        return _Step(index.name, "exclusion constraint", statements)
    statements = (place, definition(index.definition), *_index_comment(table, index))
    return _Step(index.name, "index", statements, last=not index.constraint)


def _attaching(table: str, indexes: Iterable[Index]) -> list[_Step]:
    """Return what makes constraints of those indexes that carry one, the primary key first."""
    return [
        _Step(
            index.name,
            "primary key" if index.primary else "unique constraint",
            (attach(table, index), *_constraint_comment(table, index)),
        )
        for index in sorted(indexes, key=lambda index: not index.primary)
        if index.constraint and _can_use_index(index)
    ]


async def _exists(connection: Connection, table: str, name: str, kind: str) -> bool:
    """Tell whether an index or a constraint is there already, as ``kind`` wants it."""
    query = CURRENT_INDEX if kind == "index" else CURRENT_CONSTRAINT
    params = {"schema": table.partition(".")[0], "table": table.partition(".")[2], "name": name}
    return bool(await run(connection, sql.SQL(query), params))


async def drop_indexes(
    connection: Connection, target: Endpoint, number: int, chosen: Sequence[tuple[str, Index]]
) -> None:
    """Record and drop these indexes, each with its table, in the current transaction. Raises TargetError."""
    with target.translating_errors("can't drop the indexes"):
        await connection.execute("SELECT pg_catalog.set_config('lock_timeout', %s, true)", (LOCK_TIMEOUT,))
        await objects.record_dropped(connection, number, chosen)
        for name, index in chosen:
            drop = drop_constraint(name, index.constraint) if index.constraint else drop_index(name, index)
            await run(connection, drop)


def missing_indexes(table: Table, things: Iterable[DroppedObject]) -> list[Index]:
    """Return the indexes of ``table`` that were dropped and aren't back yet."""
    current = {index.name for index in table.indexes}
    dropped = (item.thing for item in things if item.table == table.full_name)
    return [thing for thing in dropped if isinstance(thing, Index) and thing.name not in current]


def missing_constraints(table: Table, things: Iterable[DroppedObject]) -> list[Index]:
    """Return the indexes of ``table`` whose constraint was dropped and isn't back; the index itself may be."""
    current = {index.name for index in table.indexes if index.constraint}
    dropped = (item.thing for item in things if item.table == table.full_name)
    return [thing for thing in dropped if isinstance(thing, Index) and thing.constraint and thing.name not in current]


def qualified(table: str) -> sql.Identifier:
    """Return ``schema.table`` quoted. Schema names hold no dot: the catalog is keyed by them."""
    schema, _, name = table.partition(".")
    return sql.Identifier(schema, name)


def definition(text: str) -> sql.SQL:
    """Return a definition that the server wrote itself, as SQL."""
    return sql.SQL(text)


def _can_use_index(index: Index) -> bool:
    return index.constraint_type in ("p", "u") and "WITHOUT OVERLAPS" not in (index.constraint_definition or "")


def attach(table: str, index: Index) -> sql.Composable:
    """Return the statement that makes a constraint of an index that exists."""
    words = index.constraint_definition or ""
    deferred = "".join(
        f" {word}" for word in ("DEFERRABLE", "INITIALLY DEFERRED") if words.endswith(word) or f"{word} " in words
    )
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {} USING INDEX {}{}").format(
        qualified(table),
        sql.Identifier(index.constraint or index.name),
        sql.SQL("PRIMARY KEY" if index.primary else "UNIQUE"),
        sql.Identifier(index.name),
        definition(deferred),
    )


def _add_constraint(table: str, index: Index) -> sql.Composable:
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
        qualified(table), sql.Identifier(index.constraint or ""), definition(index.constraint_definition or "")
    )


def _index_comment(table: str, index: Index) -> list[sql.Composable]:
    if index.comment is None:
        return []
    name = sql.Identifier(table.partition(".")[0], index.name)
    return [sql.SQL("COMMENT ON INDEX {} IS {}").format(name, sql.Literal(index.comment))]


def _constraint_comment(table: str, index: Index) -> list[sql.Composable]:
    if index.constraint_comment is None:
        return []
    return [comment_on_constraint(table, index.constraint or index.name, index.constraint_comment)]


def comment_on_constraint(table: str, name: str, comment: str) -> sql.Composable:
    """Return the statement that gives a constraint its comment."""
    text = sql.SQL("COMMENT ON CONSTRAINT {} ON {} IS {}")
    return text.format(sql.Identifier(name), qualified(table), sql.Literal(comment))


def drop_constraint(table: str, name: str) -> sql.Composable:
    """Return the statement that drops a constraint, and the index that it rests on."""
    return sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(qualified(table), sql.Identifier(name))


def drop_index(table: str, index: Index) -> sql.Composable:
    """Return the statement that drops an index that carries no constraint."""
    return sql.SQL("DROP INDEX {}").format(sql.Identifier(table.partition(".")[0], index.name))
