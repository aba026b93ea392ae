"""The settling of a switch, and its proof: what was touched since the last proof is looked at, and nothing else.

Behind a fence the sources stand still, so any snapshot of theirs is what the target equals after the last pass.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import LiteralString

from psycopg import sql

from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.follow import keys as key_sql
from payrollx_db.consolidate.follow.duplicates import settle_duplicates
from payrollx_db.consolidate.follow.flow import Move
from payrollx_db.consolidate.follow.follower import Follower
from payrollx_db.consolidate.follow.judging import RowJudge
from payrollx_db.consolidate.follow.settle import Followed, Settled, arrivals, settle
from payrollx_db.consolidate.follow.written_keys import written, written_keys
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.quarantine import apply
from payrollx_db.consolidate.state import quarantine, touched
from payrollx_db.consolidate.state.runs import runs
from payrollx_db.consolidate.verify.verifier import source_side, target_side
from payrollx_db.errors import FindingsError
from payrollx_db.model.finding import refuse
from payrollx_db.postgres.compare import Difference, compare
from payrollx_db.postgres.concurrency import limited, together
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.session import Connection, run

READERS = 2  # sessions with each source: one holds the snapshot, one compares
SHOWN = 10  # differing rows that are named of a table

# By database and table (``schema.table``); ``None`` where nothing was proven yet, so that all rows count.
Keys = Mapping[str, Mapping[str, Sequence[Key]]]


@dataclass(frozen=True)
class Settler:
    """Settles and proves for a switch of some databases, whose ``followers`` have these ``judges``.

    ``plan`` is that of all services. What a switch needs of it is `cutover.parties.Settles`.
    """

    context: RunContext
    plan: Plan
    followers: Sequence[Follower]
    judges: Mapping[str, RowJudge]

    async def prepare(self) -> None:
        """Open the sessions that settling and proving take, so that no writer waits for their logins.

        Raises SourceError or TargetError.
        """
        async with AsyncExitStack() as stack:
            ends = [follower.flow.read for follower in self.followers] * READERS
            ends += [self.context.target] * max(len(self.followers), self.context.jobs)
            await asyncio.gather(*(stack.enter_async_context(self.context.sessions.session(end)) for end in ends))

    async def settle(self) -> None:
        """Look at the rows that were touched since the last proof, and at those that wait for one of them.

        Raises FindingsError where rows point at nothing, or differ from their owner's, and no policy says what to do
        with them; SourceError or TargetError.
        """
        async with self._reading() as followed:
            arrived = await arrivals(self.context, self.plan, followed.values())
            settled = None if arrived else await self._settled(followed)
        if settled is None:
            await together([follower.one_pass() for follower in self.followers])
            async with self._reading() as followed:
                settled = await self._settled(followed)
        _refuse(settled)

    async def _settled(self, followed: Mapping[str, Followed]) -> Settled:
        keys = await self._touched()
        settled = await settle(self.context, self.plan, followed, keys)
        findings = await settle_duplicates(self.context, self.context, self.plan, followed, keys)
        return replace(settled, findings=(*settled.findings, *findings))

    async def prove(self) -> None:
        """Compare the rows of all touched keys on both sides. Raises FindingsError, naming those that differ."""
        keys = await self._touched()
        async with self._reading() as followed:
            found = await prove(self.context, self.plan, followed, keys)
        if found:
            names = [f"{table}: {', '.join(map(_named, some))}" for table, some in found.items()]
            raise FindingsError(
                f"{sum(map(len, found.values())):,} rows differ that were changed since both sides were compared",
                details=tuple(names),
                hint="payrollx-db verify --online names all that differ; payrollx-db follow --resync brings them over",
            )

    async def _touched(self) -> Keys | None:
        """Return what was touched since the proofs; ``None`` where one of the databases has none."""
        names = [follower.flow.name for follower in self.followers]
        with self.context.target.translating_errors("can't read what was touched"):
            # Not in the run's own session: somebody else's transaction may be open there.
            async with self.context.sessions.session(self.context.target) as connection:
                return await touched.keys_since_proofs(connection, names)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[dict[str, Followed]]:
        """Yield the databases, each with a session that reads one snapshot of it."""
        async with AsyncExitStack() as stack:
            flows = [follower.flow for follower in self.followers]
            lent = (stack.enter_async_context(self.context.sessions.session(flow.read)) for flow in flows)
            readers = await asyncio.gather(*lent)
            await self._each(readers, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield {
                flow.name: Followed(flow, self.judges[flow.name], reader)
                for flow, reader in zip(flows, readers, strict=True)
            }
            await self._each(readers, "COMMIT")

    @staticmethod
    async def _each(readers: Sequence[Connection], statement: LiteralString) -> None:
        await together([run(reader, sql.SQL(statement)) for reader in readers])


async def prove(
    context: RunContext, plan: Plan, followed: Mapping[str, Followed], keys: Keys | None
) -> dict[str, tuple[Difference, ...]]:
    """Compare the rows of these keys on both sides, as verify does; return those that differ, by target table.

    Without ``keys``, all rows. The sources have to stand still meanwhile, or ``context`` to have sessions that read at
    the moment that the target equals. Raises SourceError or TargetError.
    """
    with context.target.translating_errors("can't read what was decided"):
        async with context.sessions.session(context.target) as connection:
            numbers = [known.id for known in await runs(connection) if known.status != "undone"]
            decided = apply(plan, await quarantine.decisions(connection, numbers))
    plans = {table.place: table for table in decided.tables}
    work = []
    for one in followed.values():
        for move in one.flow.moves:
            if move.plan is not None:
                some = None if keys is None else keys.get(one.flow.name, {}).get(move.source.table.full_name, ())
                if some is None or some:
                    work.append(_compare(context, plans[move.plan.place], move, one.reader, some))
    # All databases side by side: most of such a small comparison is waiting for a server's answer.
    at_once = max(context.jobs, len(followed)) if keys is not None else context.jobs
    return {name: differences for name, differences in await limited(work, at_once) if differences}


async def _compare(
    context: Context, table: TablePlan, move: Move, reader: Connection, keys: Sequence[Key] | None
) -> tuple[str, tuple[Difference, ...]]:
    source, target = source_side(table, context.sources[table.database]), target_side(table, context.target)
    rows = table.source.rows
    if keys is not None:
        there = list(await written_keys(reader, move, keys))
        source = replace(source, where=_both(source.where, key_sql.among(move.source, keys)), by_index=True)
        target = replace(target, where=_both(target.where, key_sql.among(written(move), there)), by_index=True)
        rows = len(keys)
    result = await compare(context.sessions, source, target, rows=rows, limit=SHOWN)
    return table.target_name, result.differences if not result.identical else ()


def _both(one: sql.Composable, other: sql.Composable) -> sql.Composable:
    return sql.SQL("({}) AND ({})").format(one, other)


def _refuse(settled: Settled) -> None:
    try:
        refuse(settled.findings)
    except FindingsError as error:
        error.message = f"{len(settled.blocking)} findings keep the services from moving; nothing was changed"
        error.hint = "correct these rows, or decide about them with --policy; payrollx-db verify --online names them"
        raise


def _named(difference: Difference) -> str:
    key: Iterable[str] = map(str, difference.key.values())
    return f"{difference.kind} {'/'.join(key)}"
