"""The settling of a switch, and its proof: what was touched since the last proof is looked at, and nothing else.

Behind a fence the sources stand still, so any snapshot of theirs is what the target equals after the last pass.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, LiteralString

from psycopg import sql

from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.follow import keys as key_sql
from payrollx_db.consolidate.follow.duplicates import settle_duplicates
from payrollx_db.consolidate.follow.flow import Move
from payrollx_db.consolidate.follow.follower import Follower
from payrollx_db.consolidate.follow.judging import RowJudge
from payrollx_db.consolidate.follow.settle import (
    ROUNDS,
    Followed,
    Leading,
    Settled,
    arrivals,
    leading_of,
    settle,
)
from payrollx_db.consolidate.follow.written_keys import written
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.quarantine import apply
from payrollx_db.consolidate.state import quarantine, touched
from payrollx_db.consolidate.state.runs import runs
from payrollx_db.consolidate.verify.verifier import source_side, target_side
from payrollx_db.errors import FindingsError
from payrollx_db.model.finding import refuse
from payrollx_db.postgres.compare import Difference, compare
from payrollx_db.postgres.compare_many import compare_many
from payrollx_db.postgres.concurrency import background, limited, together
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.session import Connection, run
from payrollx_db.postgres.sides import Side

READERS = 3  # sessions with each source: one holds the snapshot, one proves, one compares duplicates
OTHERS = 4  # sessions with the target beside those that prove: they ask what was touched, decided, and what is alone
TOGETHER = 20_000  # rows of one database that are compared in one query a side
SHOWN = 10  # differing rows that are named of a table

# By database and table (``schema.table``).
Keys = Mapping[str, Mapping[str, Sequence[Key]]]
_Found = tuple[str, tuple[Difference, ...]]  # a target table, and rows that differ


@dataclass(frozen=True)
class Seen:
    """What was touched since the proofs: the sources' keys, and the written ones that they lead to.

    Of tables of ``whole``, by database and name, any row may have been; their written tables lead to ``None``.
    """

    keys: Keys
    leading: Leading
    whole: frozenset[tuple[str, str]] = frozenset()

    @property
    def count(self) -> int:
        """How many keys of the sources."""
        return sum(len(some) for by_table in self.keys.values() for some in by_table.values())

    def is_of(self, database: str, move: Move) -> bool:
        """Tell whether anything was touched of the table that a move reads."""
        keys = self.keys_of(database, move)
        return keys is None or bool(keys)

    def keys_of(self, database: str, move: Move) -> Sequence[Key] | None:
        """Return the touched keys of the table that a move reads; ``None`` where any may have been."""
        name = move.source.table.full_name
        return None if (database, name) in self.whole else self.keys.get(database, {}).get(name, ())


@dataclass(frozen=True)
class SettledAndProven:
    """What has come of settling: whether more rows were brought over for it, and whether what was compared counts.

    It doesn't where something was decided meanwhile: then the proof is to come.
    """

    arrived: bool
    proven: bool


@dataclass
class Settler:
    """Settles and proves for a switch of some databases, whose ``followers`` have these ``judges``.

    ``plan`` is that of all services. What a switch needs of it is `cutover.parties.Settles`.
    """

    context: RunContext
    plan: Plan
    followers: Sequence[Follower]
    judges: Mapping[str, RowJudge]
    _seen: Seen | None = None

    async def prepare(self) -> None:
        """Open the sessions that settling and proving take, so that no writer waits for their logins.

        Raises SourceError or TargetError.
        """
        async with AsyncExitStack() as stack:
            ends = [follower.flow.read for follower in self.followers] * READERS
            compared = {follower.flow.name: follower.flow.read for follower in self.followers}
            ends += [compared[table.owner] for table in self.plan.merges if table.owner in compared]
            ends += [self.context.target] * (max(len(self.followers), self.context.jobs) + OTHERS)
            await asyncio.gather(*(stack.enter_async_context(self.context.sessions.session(end)) for end in ends))

    async def settle(self) -> bool:
        """Look at the rows that were touched since the last proof, and at those that wait for one of them.

        Returns whether some have come for that, in another pass. Raises FindingsError where rows point at nothing, or
        differ from their owner's, and no policy says what to do with them; SourceError or TargetError.
        """
        return (await self._do(self._settled)).arrived

    async def settle_and_prove(self) -> SettledAndProven:
        """Do as `settle` does, and meanwhile as `prove`, which is waited for as well. Raises as both."""
        return await self._do(self._settled_and_proven)

    async def _do(self, work: Callable[[Mapping[str, Followed]], Awaitable[tuple[Settled, bool]]]) -> SettledAndProven:
        arrived = 0
        for attempt in range(ROUNDS + 1):  # a row that comes may be what others wait for
            async with self.reading() as followed:
                come, _ = await together([self._arrivals(followed), self._look(followed)])
                settled, proven = await work(followed) if not come or attempt == ROUNDS else (None, False)
            if settled is not None:
                break
            arrived += come
            await together([follower.one_pass() for follower in self.followers])
        if settled is not None:
            _refuse(settled)
        return SettledAndProven(arrived > 0, proven)

    async def prove(self) -> None:
        """Compare the rows of all touched keys on both sides, after `settle`. FindingsError names those that differ."""
        async with self.reading() as followed:
            found = await prove(self.context, self.plan, followed, self._seen)
        refuse_differing(found)

    async def _arrivals(self, followed: Mapping[str, Followed]) -> int:
        return await arrivals(self.context, self.plan, followed.values())

    async def _settled_and_proven(self, followed: Mapping[str, Followed]) -> tuple[Settled, bool]:
        """Settle and compare at once; what was compared doesn't count where settling has decided about a row."""
        async with background(prove(self.context, self.plan, followed, self._seen)) as proving:
            settled, _ = await self._settled(followed)
            if settled.decided or proving is None:
                return settled, False
            refuse_differing(await proving)
        return settled, True

    async def _settled(self, followed: Mapping[str, Followed]) -> tuple[Settled, bool]:
        seen = self._seen
        settled = await settle(self.context, self.plan, followed, seen.leading if seen else None)
        findings = await settle_duplicates(self.context, self.context, self.plan, followed, seen)
        return replace(settled, findings=(*settled.findings, *findings)), False

    async def _look(self, followed: Mapping[str, Followed]) -> int:
        self._seen = await seen_since_proofs(self.context, followed)
        return 0 if self._seen is None else self._seen.count

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[dict[str, Followed]]:
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


async def seen_since_proofs(context: RunContext, followed: Mapping[str, Followed]) -> Seen | None:
    """Return what was touched since the proofs; ``None`` where one of the databases has none.

    Raises SourceError or TargetError.
    """
    with context.target.translating_errors("can't read what was touched"):
        # Not in the run's own session: somebody else's transaction may be open there.
        async with context.sessions.session(context.target) as connection:
            since = await touched.since_proofs(connection, followed)
    if since is None:
        return None
    return Seen(since.keys, await leading_of(followed.values(), since), since.whole)


def refuse_differing(found: Mapping[str, Sequence[Difference]]) -> None:
    """Raise FindingsError where rows differ, naming them by their table."""
    if found:
        names = [f"{table}: {', '.join(map(_named, some))}" for table, some in found.items()]
        raise FindingsError(
            f"{sum(map(len, found.values())):,} rows differ that were changed since both sides were compared",
            details=tuple(names),
            hint="payrollx-db verify --online names all that differ; payrollx-db follow --resync brings them over",
        )


async def prove(
    context: RunContext, plan: Plan, followed: Mapping[str, Followed], seen: Seen | None
) -> dict[str, tuple[Difference, ...]]:
    """Compare the rows of these keys on both sides; return those that differ, by target table.

    Without ``seen``, all rows. The sources have to stand still meanwhile, or ``context`` to have sessions that read at
    the moment that the target equals. Raises SourceError or TargetError.
    """
    with context.target.translating_errors("can't read what was decided"):
        async with context.sessions.session(context.target) as connection:
            numbers = [known.id for known in await runs(connection) if known.status != "undone"]
            decided = apply(plan, await quarantine.decisions(connection, numbers))
    plans = {table.place: table for table in decided.tables}

    work: list[Coroutine[Any, Any, list[_Found]]] = []
    for one in followed.values():
        pairs = [
            _pair(context, plans[move.plan.place], move, seen)
            for move in one.flow.moves
            if move.plan is not None and (seen is None or seen.is_of(one.flow.name, move))
        ]
        few = seen is not None and sum(pair.rows for pair in pairs) <= TOGETHER
        work += [_compare_together(context, pairs)] if few and pairs else [_compare(context, pair) for pair in pairs]
    # All databases side by side: most of such a small comparison is waiting for a server's answer.
    at_once = context.jobs if seen is None else max(context.jobs, len(followed))
    return dict(found for some in await limited(work, at_once) for found in some)


@dataclass(frozen=True)
class _Pair:
    """A table to be compared: both sides, and about how many rows."""

    name: str
    source: Side
    target: Side
    rows: int


def _pair(context: Context, table: TablePlan, move: Move, seen: Seen | None) -> _Pair:
    source, target = source_side(table, context.sources[table.database]), target_side(table, context.target)
    keys = seen.keys_of(table.database, move) if seen is not None else None
    leading = seen.leading[move.name] if seen is not None else None
    if keys is None or leading is None:
        return _Pair(table.target_name, source, target, table.source.rows)
    mine, theirs = key_sql.among(move.source, keys), key_sql.among(written(move), leading)
    source = replace(source, where=_both(source.where, mine), by_index=True)
    target = replace(target, where=_both(target.where, theirs), by_index=True)
    return _Pair(table.target_name, source, target, len(keys))


async def _compare_together(context: Context, pairs: Sequence[_Pair]) -> list[_Found]:
    """Compare tables of one source in one query a side, and those alone whose sums differ."""
    known = await compare_many(context.sessions, [(pair.source, pair.target) for pair in pairs])
    differing = [pair for pair, result in zip(pairs, known, strict=True) if result is None]
    return [found for pair in differing for found in await _compare(context, pair)]


async def _compare(context: Context, pair: _Pair) -> list[_Found]:
    result = await compare(context.sessions, pair.source, pair.target, rows=pair.rows, limit=SHOWN)
    return [] if result.identical else [(pair.name, result.differences)]


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
