"""Foreign keys that are in the way of a copy: dropped before it, restored after it, many in one transaction.

A transaction locks the tables of its keys, so it takes only so many keys as any server has locks for. What was dropped
is recorded in the transaction that drops it, so a run that is cut off between two of them can go on.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from psycopg import sql

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.copy.indexes import (
    LOCK_TIMEOUT,
    comment_on_constraint,
    definition,
    drop_constraint,
    qualified,
)
from payrollx_db.consolidate.copy.rows import in_groups
from payrollx_db.consolidate.retrying import retry_transient
from payrollx_db.consolidate.run_session import pass_write_gate
from payrollx_db.consolidate.state import history, objects
from payrollx_db.consolidate.state.history import Timed
from payrollx_db.consolidate.state.objects import DroppedObject
from payrollx_db.errors import PayrollxError
from payrollx_db.model.events import ObjectBuilt
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Database, ForeignKey
from payrollx_db.postgres.session import Connection, Endpoint, run

# Keys in one transaction. Each takes a handful of locks of the 6,400 that a server has for all of its sessions, unless
# it was given more.
GROUP = 100
NOT_VALID = " NOT VALID"
ADDITION, CHECK = "foreign key", "foreign key check"  # kinds of steps
CURRENT = """
SELECT n.nspname || '.' || c.relname, k.conname, k.convalidated
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conname = ANY (%s)
"""

Work = Callable[[Connection, Sequence[ForeignKey]], Awaitable[None]]


async def drop_keys(connection: Connection, target: Endpoint, number: int, keys: Sequence[ForeignKey]) -> None:
    """Record and drop these foreign keys, in the current transaction. Raises TargetError where a table is in use."""
    with target.translating_errors("can't drop the foreign keys"):
        await connection.execute("SELECT pg_catalog.set_config('lock_timeout', %s, true)", (LOCK_TIMEOUT,))
        await objects.record_dropped(connection, number, [(key.table, key) for key in keys])
        for key in keys:
            await run(connection, drop_constraint(key.table, key.name))


def dropped_keys(database: Database, things: Iterable[DroppedObject]) -> list[ForeignKey]:
    """Return the foreign keys that were dropped and aren't back yet."""
    current = {(key.table, key.name) for key in database.foreign_keys}
    dropped = (item.thing for item in things if (item.table, item.name) not in current)
    return [thing for thing in dropped if isinstance(thing, ForeignKey)]


@dataclass(frozen=True)
class KeyBuilder:
    """Restores foreign keys that one run dropped; what a lost connection has cut off, once more.

    Keys of the tables ``partitioned``, and keys that point at them, are checked when they are added. So are temporal:
    VALIDATE CONSTRAINT of Postgres 18 looks only whether a parent of the same key is there, and not at periods.
    ``hurried`` adds those of a transaction in one round trip, and one by one only where that fails.
    """

    context: RunContext
    partitioned: Collection[str] = ()
    hurried: bool = False

    async def add(self, keys: Sequence[ForeignKey], final: Collection[ForeignKey]) -> None:
        """Add keys NOT VALID, which looks at no row yet; those of ``final`` are to stay so.

        Raises FindingsError where a key of a partitioned table, which is checked at once, finds a row without a
        parent; TargetError otherwise.
        """
        final_keys = set(final)

        async def add(connection: Connection, some: Sequence[ForeignKey]) -> None:
            statements = [self._addition(key, stays=key in final_keys) for key in some]
            statements += [comment_on_constraint(k.table, k.name, k.comment) for k in some if k.comment is not None]
            await run(connection, sql.SQL("; ").join(statements))

        for group in in_groups(keys, GROUP):
            await self._do(group, add, ADDITION, last=[key for key in group if key in final_keys])

    async def validate(self, keys: Sequence[ForeignKey], small: Collection[str]) -> None:
        """Validate keys, many in one transaction where their tables are among ``small``.

        Raises FindingsError where a row has no parent.
        """
        by_table: dict[str, list[ForeignKey]] = {}
        for key in keys:
            by_table.setdefault(key.table, []).append(key)
        quick = [key for table, members in by_table.items() if table in small for key in members]
        # Keys of one large table go one after the other: they would wait for each other's lock on it.
        work: list[list[Sequence[ForeignKey]]] = [
            [[key] for key in members] for table, members in by_table.items() if table not in small
        ]
        work += [[group] for group in in_groups(quick, GROUP)]

        async def check(connection: Connection, some: Sequence[ForeignKey]) -> None:
            for key in some:
                if key.period:
                    await self._make_anew(connection, key)
                    continue
                statement = sql.SQL("ALTER TABLE {} VALIDATE CONSTRAINT {}")
                await run(connection, statement.format(qualified(key.table), sql.Identifier(key.name)))

        async def in_turn(members: list[Sequence[ForeignKey]]) -> None:
            for group in members:
                await self._do(group, check, CHECK, last=group)

        await limited([in_turn(members) for members in work], self.context.jobs)

    async def _make_anew(self, connection: Connection, key: ForeignKey) -> None:
        statement = sql.SQL("ALTER TABLE {0} DROP CONSTRAINT {1}, ADD CONSTRAINT {1} {2}")
        words = definition(key.definition.removesuffix(NOT_VALID))
        await run(connection, statement.format(qualified(key.table), sql.Identifier(key.name), words))
        if key.comment is not None:
            await run(connection, comment_on_constraint(key.table, key.name, key.comment))

    def _addition(self, key: ForeignKey, *, stays: bool) -> sql.Composable:
        text = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}{}")
        # Of a key that points at a partitioned table, servers before 18 would validate only a part.
        checked = key.table in self.partitioned or (
            not stays and (key.period or (key.parent or key.target) in self.partitioned)
        )
        late = sql.SQL("" if checked else NOT_VALID)
        words = definition(key.definition.removesuffix(NOT_VALID))
        return text.format(qualified(key.table), sql.Identifier(key.name), words, late)

    async def _do(self, keys: Sequence[ForeignKey], work: Work, kind: str, last: Sequence[ForeignKey]) -> None:
        """Do ``work`` for each key that needs it, in one transaction, and record it; ``last`` are back then."""
        target, run_id = self.context.target, self.context.run
        label = f"run {run_id} {keys[0].table}"
        steps: list[Timed] = []
        at_once = self.hurried and kind == ADDITION and len(keys) > 1

        async def once() -> None:
            steps.clear()
            async with self.context.sessions.session(target) as connection:
                with target.translating_errors("can't restore foreign keys"):
                    async with connection.transaction():
                        await pass_write_gate(connection, target, self.context.lock_pid, label)
                        # A connection may have been lost after the server's commit, before its answer.
                        current = await _current(connection, keys)
                        states = {key: current.get((key.table, key.name)) for key in keys}
                        due = [k for k, valid in states.items() if valid is None or (kind == CHECK and not valid)]
                        for some in [due] if at_once and due else [[key] for key in due]:
                            steps.extend(await _timed(target, connection, some, work, kind))
                        await history.record_timed(connection, run_id, steps)
                        if last:
                            await objects.record_restored(connection, run_id, [(key.table, key.name) for key in last])

        what = f"{kind} {keys[0].name} on {keys[0].table}" if len(keys) == 1 else f"{kind} of {len(keys)} keys"
        try:
            await retry_transient(once, what, self.context.observer)
        except PayrollxError:
            if not at_once:
                raise
            at_once = False  # which of them fails is told by doing one after the other
            await retry_transient(once, what, self.context.observer)
        for step in steps:
            self.context.observer(ObjectBuilt(step.table, step.name, kind, step.seconds))


async def _timed(
    target: Endpoint, connection: Connection, keys: Sequence[ForeignKey], work: Work, kind: str
) -> list[Timed]:
    started, first = time.monotonic(), keys[0]
    with target.translating_errors(f"can't build {kind} {first.name} on {first.table}"):
        await work(connection, keys)
    each = (time.monotonic() - started) / len(keys)
    return [Timed(key.table, key.name, kind, started + number * each, each) for number, key in enumerate(keys)]


async def _current(connection: Connection, keys: Sequence[ForeignKey]) -> dict[tuple[str, str], bool]:
    """Return by table and name which of these keys are there, and whether they are valid."""
    rows = await run(connection, sql.SQL(CURRENT), (list({key.name for key in keys}),))
    return {(table, name): valid for table, name, valid in rows}
