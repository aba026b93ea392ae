"""Settling: what speaks of two tables, looked at when both are at a known moment.

While databases are followed no foreign key stands, and each is at a moment of its own. So a pass leaves children
without parents as they are; here they are found, by the target's own rows, and go by the policies that the copy has.
Only what was touched is looked at, once everything has been. What went into quarantine for want of a parent waits for
it, and its key joins the next pass when the parent has come.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from psycopg import sql

from payrollx_db.consolidate.check import values
from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.follow import keys as key_sql
from payrollx_db.consolidate.follow.flow import Flow, Move
from payrollx_db.consolidate.follow.gate import LET_THROUGH
from payrollx_db.consolidate.follow.hooks import Sessions
from payrollx_db.consolidate.follow.judging import RowJudge
from payrollx_db.consolidate.follow.naming import key_of_text
from payrollx_db.consolidate.follow.orphans import Look, Orphan, TouchedRows, find_orphans, with_orphans
from payrollx_db.consolidate.follow.written_keys import (
    source_keys,
    texts_of,
    written,
    written_keys,
    written_keys_of_all,
)
from payrollx_db.consolidate.plan.mapping import ColumnPlan, TablePlan
from payrollx_db.consolidate.plan.plan import Plan, parents_first
from payrollx_db.consolidate.state import held
from payrollx_db.consolidate.state.held import Wait
from payrollx_db.consolidate.state.quarantine import Decision
from payrollx_db.consolidate.state.touched import Touched
from payrollx_db.errors import FindingsError
from payrollx_db.model.catalog import Reference
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.model.policy import FAIL
from payrollx_db.postgres.concurrency import together
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.session import Connection, run

ACROSS = "orphan-across"
MOST = 100_000  # orphans that one reference may have: their keys are held in memory
# Written keys, by the name of their table; ``None`` of one of which any row may be meant.
Leading = Mapping[str, Sequence[Key] | None]

ROUNDS = 100  # a quarantined row makes orphans of its children, and so on: no chain of tables is that long


@dataclass(frozen=True)
class Followed:
    """One database as settling needs it: its flow, its judge, and a session in a snapshot that the target equals."""

    flow: Flow
    judge: RowJudge
    reader: Connection


@dataclass(frozen=True)
class Settled:
    """What settling has found. ``findings`` that block keep the services from moving; others say what was decided."""

    findings: tuple[Finding, ...] = ()
    quarantined: int = 0
    nulled: int = 0

    @property
    def decided(self) -> bool:
        """Whether anything was found, and so may have been decided."""
        return bool(self.findings or self.quarantined or self.nulled)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that no policy resolves."""
        return tuple(finding for finding in self.findings if finding.blocks)


@dataclass
class _Settling:
    """One settling, in one transaction of the target."""

    context: RunContext
    plan: Plan
    followed: Mapping[str, Followed]
    connection: Connection
    touched: dict[str, Sequence[Key] | None]
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    quarantined: int = 0
    nulled: int = 0

    async def settle(self) -> Settled:
        """Look until nothing is taken out any more: a row that is makes orphans of its children.

        All references are asked at once, and those that have orphans one after the other, parents first, since what is
        decided about one concerns the others.
        """
        looks = self.looks()
        for _ in range(ROUNDS):
            changed = False
            for look in await with_orphans(self.connection, list(looks), TouchedRows(self.touched)):
                changed |= await self._reference(looks[look], look)
            if not changed:
                break
        return Settled(tuple(self.findings.values()), self.quarantined, self.nulled)

    def looks(self) -> dict[Look, TablePlan]:
        """Return the references of what is followed, each with its table, parents first."""
        looks: dict[Look, TablePlan] = {}
        for table in parents_first(self.plan):
            move = self._move(table)
            for reference in self.plan.enforced_by_table.get(table.target_name, ()) if move is not None else ():
                parent = self.plan.target.tables.get(reference.target_table)
                if move is None or parent is None or len(_columns(table, reference)) < len(reference.columns):
                    continue
                owner = next(iter(self.plan.parents_of(table, reference)), None)
                above = self._move(owner) if owner else None
                if above is None and self.touched.get(move.name, ()) is not None:
                    continue  # what points across the line is told of when all is looked at
                looks[Look(reference, move, parent, tuple(above.key) if above else ())] = table
        return looks

    async def _reference(self, table: TablePlan, look: Look) -> bool:
        """Look at one reference of a table; return whether rows were taken out by it."""
        reference, columns = look.reference, _columns(table, look.reference)
        if not look.parent_key:
            await self._across(table, look, columns)
            return False
        orphans = await find_orphans(self.connection, look, TouchedRows(self.touched), MOST)
        if len(orphans) > MOST:
            raise FindingsError(
                f"more than {MOST:,} rows of {table.target_name} point at nothing in {reference.target_table}",
                hint="see why in the legacy databases, then settle again",
            )
        return bool(orphans) and await self._decide(table, look.child, reference, columns, orphans)

    async def _across(self, table: TablePlan, look: Look, columns: Sequence[ColumnPlan]) -> None:
        """Tell how many rows point at nothing across the line: at rows of a service that doesn't move with this one.

        Its foreign key isn't enforced until both ends have moved, so it keeps nobody from moving.
        """
        move, place = look.child, values.place(table, columns)
        if (ACROSS, place) in self.findings:
            return  # told once
        orphans = await find_orphans(self.connection, look, TouchedRows(self.touched), MOST)
        if orphans:
            target = look.reference.target_table
            message = f"no such row in {target}, which doesn't move with it: not enforced until it does"
            keys = await source_keys(self.followed[table.database].reader, move, [o.key for o in orphans[:EXAMPLES]])
            names = tuple(texts_of(move, keys).values())
            self._add(Finding(ACROSS, "warn", place, len(orphans), message, names))

    async def _decide(
        self,
        table: TablePlan,
        move: Move,
        reference: Reference,
        columns: Sequence[ColumnPlan],
        orphans: Sequence[Orphan],
    ) -> bool:
        reader = self.followed[table.database].reader
        texts = texts_of(move, await source_keys(reader, move, [orphan.key for orphan in orphans]))
        causes = await self._causes(reference, orphans)
        place = values.place(table, columns)
        action = self.context.policies.action("orphan", place)
        nullable = _nullable(self.plan, table, reference)
        message = f"no such row in {reference.target_table}"
        if action == "null" and not nullable:
            action, message = FAIL, f"{message}, and policy null can't be: the target's column takes no NULL"
        alone = [orphan for orphan in orphans if orphan.values not in causes]
        fallen = [orphan for orphan in orphans if orphan.values in causes]
        if alone:
            names = tuple(texts.get(orphan.key, "?") for orphan in alone[:EXAMPLES])
            impossible = () if nullable else ("null",)
            self._add(Finding("orphan", "block", place, len(alone), message, names, action, impossible=impossible))
        cascade = action if action != FAIL else "quarantine"
        if fallen:
            message = f"rows that refer to quarantined rows of {reference.target_table}"
            names = tuple(texts.get(orphan.key, "?") for orphan in fallen[:EXAMPLES])
            self._add(Finding("descendant", "info", place, len(fallen), message, names, cascade))
        taken = False
        for group, decided in ((alone, action), (fallen, cascade)):
            named = [orphan for orphan in group if orphan.key in texts]
            if not named or decided == FAIL:
                continue
            if decided == "null":
                await self._nullify(table, move, reference, nullable, named, texts, causes)
            else:
                await self._quarantine(table, reference, named, texts, causes)
            taken = True
        return taken

    async def _quarantine(
        self,
        table: TablePlan,
        reference: Reference,
        orphans: Sequence[Orphan],
        texts: Mapping[Key, str],
        causes: Mapping[tuple[str, ...], str],
    ) -> None:
        """Take the rows out of all targets of their source row, and record what they wait for."""
        followed = self.followed[table.database]
        decisions = [
            Decision(table.source_name, texts[o.key], "row", "orphan", "quarantine", "", causes.get(o.values, ""))
            for o in orphans
        ]
        waits = [Wait(reference.target_table, reference.target_columns, orphan.values) for orphan in orphans]
        sources = [key for text in {d.key for d in decisions} if (key := self._key(table, text)) is not None]
        for move in followed.flow.moves:
            if move.plan is not None and move.plan.source_name == table.source_name:
                keys = list(await written_keys(followed.reader, move, sources))
                await self._delete(move, keys)
        await self._record(table, decisions, waits)
        self.quarantined += len(orphans)

    async def _nullify(
        self,
        table: TablePlan,
        move: Move,
        reference: Reference,
        columns: Sequence[str],
        orphans: Sequence[Orphan],
        texts: Mapping[Key, str],
        causes: Mapping[tuple[str, ...], str],
    ) -> None:
        names = sql.SQL(", ").join(sql.SQL("{} = NULL").format(sql.Identifier(name)) for name in columns)
        for some in key_sql.chunks([orphan.key for orphan in orphans]):
            query = sql.SQL("UPDATE {} AS t SET {} WHERE {}").format(
                move.table.identifier, names, key_sql.among(written(move), some, "t")
            )
            await run(self.connection, query)
        decisions, waits = [], []
        for orphan in orphans:
            for name in columns:
                cause = causes.get(orphan.values, "")
                decisions.append(Decision(table.source_name, texts[orphan.key], "value", "orphan", "null", name, cause))
                waits.append(Wait(reference.target_table, reference.target_columns, orphan.values))
        await self._record(table, decisions, waits)
        self.nulled += len(orphans)

    async def _delete(self, move: Move, keys: Sequence[Key]) -> None:
        for some in key_sql.chunks(keys):
            query = sql.SQL("DELETE FROM {} AS t WHERE {}").format(
                move.table.identifier, key_sql.among(written(move), some, "t")
            )
            await run(self.connection, query)
        known = self.touched.get(move.name, ())
        if known is not None:
            self.touched[move.name] = [*known, *keys]

    async def _record(self, table: TablePlan, decisions: Sequence[Decision], waits: Sequence[Wait]) -> None:
        followed = self.followed[table.database]
        number = followed.judge.runs[table.source_name]
        await held.hold(self.connection, number, decisions, waits)
        texts = list(dict.fromkeys(decision.key for decision in decisions))
        await followed.judge.keep_rows(Sessions(followed.reader, self.connection), table, texts)
        followed.judge.add_held(table.source_name, texts)

    async def _causes(self, reference: Reference, orphans: Sequence[Orphan]) -> dict[tuple[str, ...], str]:
        """Return the values whose parent lies in quarantine, each with that parent's name."""
        owner = next(iter(self.plan.copies_by_target.get(reference.target_table, ())), None)
        move = self._move(owner) if owner else None
        if owner is None or move is None or set(reference.target_columns) != set(move.key):
            return {}
        followed = self.followed[owner.database]
        texts = followed.judge.held(owner.source_name)
        keys = [key for text in texts if (key := self._key(owner, text)) is not None]
        if not keys:
            return {}
        leading = await written_keys(followed.reader, move, keys)
        places = [move.key.index(name) for name in reference.target_columns]
        named = texts_of(move, leading)
        sought = {orphan.values for orphan in orphans}
        by_values = {tuple(str(key[place]) for place in places): named[key] for key in leading if key in named}
        return {v: f"{owner.source_name} {text}" for v, text in by_values.items() if v in sought}

    def _move(self, table: TablePlan) -> Move | None:
        followed = self.followed.get(table.database)
        moves = followed.flow.moves if followed else ()
        return next((move for move in moves if move.plan is not None and move.plan.place == table.place), None)

    def _key(self, table: TablePlan, text: str) -> Key | None:
        move = self._move(table)
        return key_of_text(move.source, table, text) if move else None

    def _add(self, finding: Finding) -> None:
        known = self.findings.get((finding.code, finding.place))
        if known is not None:
            examples = tuple(dict.fromkeys((*known.examples, *finding.examples)))[:EXAMPLES]
            if finding.blocks:  # seen again, as it was left as it is
                finding = known
            else:
                finding = Finding(
                    finding.code, finding.severity, finding.place, known.count + finding.count, finding.message,
                    examples, finding.action,
                )  # fmt: skip
        self.findings[finding.code, finding.place] = finding


async def settle(
    context: RunContext, plan: Plan, followed: Mapping[str, Followed], touched: Leading | None = None
) -> Settled:
    """Look for rows that point at nothing, and let the policies decide about them; return what there was.

    ``followed`` are the databases, by name, each with a session in the snapshot that the target equals. ``touched`` are
    the written keys that were touched since all was settled last; without, all rows count. Where a finding blocks, its
    rows stay in the target. Raises FindingsError where there are too many, SourceError or TargetError.
    """
    with context.target.translating_errors("can't settle what was followed"):
        # Mostly there is nothing to decide about, and writers may be waiting: so it is asked before anything is begun.
        settling, doubtful = await ask(context, plan, followed, touched)
        if not doubtful:
            return Settled()
        async with context.transaction() as connection:
            await run(connection, LET_THROUGH)
            return await replace(settling, connection=connection).settle()


async def ask(
    context: RunContext, plan: Plan, followed: Mapping[str, Followed], touched: Leading | None
) -> tuple[_Settling, list[Look]]:
    """Ask of which references rows point at nothing, all at once, deciding nothing. Raises psycopg's errors."""
    every = dict.fromkeys(move.name for one in followed.values() for move in one.flow.moves)
    counting: dict[str, Sequence[Key] | None] = {**every, **touched} if touched is not None else {**every}
    settling = _Settling(context, plan, followed, context.connection, counting)
    async with context.sessions.session(context.target) as reading:
        return settling, await with_orphans(reading, list(settling.looks()), TouchedRows(counting))


async def leading_of(followed: Iterable[Followed], touched: Touched) -> Leading:
    """Return the written keys, by table, that touched ones lead to. Raises SourceError."""
    followed = list(followed)

    async def of(one: Followed) -> dict[str, list[Key]]:
        with one.flow.read.translating_errors("can't read the keys that were touched"):
            return await written_keys_of_all(one.reader, one.flow.moves, touched.keys.get(one.flow.name, {}))

    leading: dict[str, list[Key]] = {}
    for part in await together(map(of, followed)):
        for name, some in part.items():  # several sources may fill one table
            leading.setdefault(name, []).extend(some)
    moves = ((one.flow.name, move) for one in followed for move in one.flow.moves)
    whole = {move.name for database, move in moves if (database, move.source.table.full_name) in touched.whole}
    return {name: None if name in whole else some for name, some in leading.items()}


async def arrivals(context: RunContext, plan: Plan, followed: Iterable[Followed], *, others: bool = False) -> int:
    """Let the keys of held rows join the next pass whose parent has come; return how many.

    With ``others``, so do those that are held for another reason than their own values: whether what they clashed with
    is still there, only another try tells. Raises TargetError.
    """
    count = 0
    waiting = {
        move.plan.source_name: (one, move) for one in followed for move in one.flow.moves if move.plan is not None
    }
    with context.target.translating_errors("can't read what waits"):
        known = await held.come(context.connection, list(waiting), plan.target.tables, others=others)
    for source, texts in known.items():
        one, move = waiting[source]
        keys = [key for text in texts if move.plan and (key := key_of_text(move.source, move.plan, text))]
        one.judge.join(move.source.table.oid, keys)
        count += len(keys)
    return count


def _columns(table: TablePlan, reference: Reference) -> list[ColumnPlan]:
    filled = {column.target.name: column for column in table.columns}
    return [filled[name] for name in reference.columns if name in filled]


def _nullable(plan: Plan, table: TablePlan, reference: Reference) -> tuple[str, ...]:
    """Return the columns that policy null makes NULL, as the check chooses them."""
    others = [r for r in plan.enforced_by_table.get(reference.table, ()) if r != reference]
    others += [r for r in plan.catalog.references if r.table == reference.table and not r.enforced]
    shared = {name for other in others for name in other.columns}
    names = tuple(_may_be_null(table, reference))
    return tuple(name for name in names if name not in shared) or names


def _may_be_null(table: TablePlan, reference: Reference) -> Iterator[str]:
    key = {column.target.name for column in table.key}
    for column in _columns(table, reference):
        if column.target.nullable and column.target.name not in key:
            yield column.target.name
