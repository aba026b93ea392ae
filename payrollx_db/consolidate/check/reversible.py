"""Whether there is a way back: forward and back again, every row of every legacy table gives itself.

The source transforms its rows as the copy does, a temporary table of the target stores them as the target's columns
would, and the target's own server computes the way back by the very expressions with which it would be followed. What
comes back is compared with what the source has as text, byte by byte: equality alone would let a scale, a minus zero or
another spelling pass. Columns that are the identity by construction aren't asked (`plan.inverse`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from psycopg import sql

from payrollx_db.consolidate.check.savepoint import UNDO, undone
from payrollx_db.consolidate.check.values import guard, scan_values
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.inverse.findings import findings_of
from payrollx_db.consolidate.plan.inverse.ways import ColumnBack, Read, WayBack, item, ways_back
from payrollx_db.consolidate.plan.mapping import ROW, ColumnPlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.errors import FindingsError, PayrollxError
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.model.policy import FAIL, Policies
from payrollx_db.postgres import query_files, sqlstates
from payrollx_db.postgres.copy_pipe import pipe
from payrollx_db.postgres.session import render_sql

queries = query_files.beside(__name__)

PAGES_AT_ONCE = 16_384  # of a source table, 128 MB: so much of it is in the temporary table at a time
RANGES = 140_000  # since this version a server finds a range of pages without reading all of the table
MOST_REFUSED = 1_000  # rows on which a way back fails that are looked for, one by one
COLUMNS_AT_ONCE = 400  # a table takes 1,600, and each of these needs two or more
NUMBER, KEY = "payrollx row number", "payrollx key"  # names that no table has


@dataclass(frozen=True)
class Reversibility:
    """The ways back of a plan, and what was found of them. It ``holds`` where nothing that no policy accepts blocks."""

    ways: tuple[WayBack, ...]
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether every legacy table can follow the target back, and every row of it comes back as it was."""
        return not any(finding.blocks for finding in self.findings)

    def refuse(self) -> None:
        """Raise FindingsError where it doesn't hold, naming why."""
        blocking = [finding for finding in self.findings if finding.blocks]
        if blocking:
            raise FindingsError(
                f"there is no way back, for {len(blocking)} reasons; nothing was changed",
                details=tuple(map(str, blocking)),
                hint="fix what each of them names, or accept values with --policy irreversible:table.column=accept;"
                " payrollx-db cutover --no-way-back does without a rollback",
            )


async def prove(
    context: Context, plan: Plan, policies: Policies, databases: Collection[str] | None = None
) -> Reversibility:
    """Prove for each legacy table of ``plan`` that its rows come back as they were. Changes nothing.

    ``databases`` limits it to the tables of these legacy databases. Raises SourceError or TargetError where a side
    fails.
    """
    ways = tuple(way for way in ways_back(plan) if databases is None or way.database in databases)
    findings = list(findings_of(plan, ways))
    async with context.sessions.copy_connection(context.target, fresh=True) as session:
        with context.target.translating_errors("can't begin the check of the way back"):
            await session.execute("BEGIN")  # never committed: of its temporary tables, even a crash leaves nothing
            await session.execute(queries.load("refused"))
        for way in ways:
            for start in range(0, len(way.unproven) if way.possible else 0, COLUMNS_AT_ONCE):
                columns = way.unproven[start : start + COLUMNS_AT_ONCE]
                findings += await _Proof(context, plan, policies, session, way, columns).findings()
    return Reversibility(ways, tuple(sorted(findings, key=lambda finding: (finding.place, finding.code))))


@dataclass
class _Proof:
    """The proof of columns of one legacy table, in ``session``, whose transaction is never committed."""

    context: Context
    plan: Plan
    policies: Policies
    session: Any
    way: WayBack
    columns: tuple[ColumnBack, ...]
    counts: dict[str, int] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)

    async def findings(self) -> list[Finding]:
        """Return a finding for each column with values that don't come back."""
        try:
            await self._prove([])
        except PayrollxError as error:
            if not sqlstates.may_be_of_computing(error.sqlstate):
                raise
            # A value that doesn't get there: such rows are findings of the check, and left out here.
            await self.session.execute(UNDO)
            self.counts, self.keys = {}, {}
            await self._prove(await self._guards())
        return [self._finding(column) for column in self.columns if self.counts.get(column.column.name)]

    async def _prove(self, guards: Sequence[sql.Composable]) -> None:
        place = f"the way back of {self.way.source.full_name}"
        with self.context.target.translating_errors(f"can't prove {place}"):
            async with undone(self.session):
                await self._make_stage()
                async with self.context.sessions.copy_connection(self._endpoint) as reader:
                    with self._endpoint.translating_errors(f"can't read {self.way.source.full_name}"):
                        await reader.execute("BEGIN")
                    for pages in self._pages():
                        await self._fill(reader, [*guards, *pages])
                        await self._judge()
                        await self.session.execute("TRUNCATE pg_temp.way_back")
                    with self._endpoint.translating_errors(f"can't read {self.way.source.full_name}"):
                        await reader.execute("COMMIT")

    # --- the rows, as they will be stored -----------------------------------------------------------

    @property
    def _endpoint(self) -> Any:
        return self.context.sources[self.way.database]

    @property
    def _needed(self) -> list[tuple[Read, str]]:
        """The target's columns that the unproven ways back read."""
        places = dict.fromkeys(place for column in self.columns for place in column.reads)
        reads = {read.alias: read for read in self.way.reads}
        return [(reads[alias], name) for alias, name in places]

    def _planned(self, read: Read, name: str) -> ColumnPlan | None:
        return next((column for column in read.plan.columns if column.target.name == name), None)

    async def _make_stage(self) -> None:
        columns = [sql.SQL("NULL::pg_catalog.text AS {}").format(sql.Identifier(KEY))]
        for number, (read, name) in enumerate(self._needed):
            column = read.table.column(name)
            value: sql.Composable = sql.Identifier(read.alias, name)
            if column is not None and column.type.domain:  # whose demands are the check's to look at
                base = sql.SQL(column.type.display) if column.type.built_in else _named(column)
                value = sql.SQL("{}::{}").format(value, base)
            columns.append(sql.SQL("{} AS {}").format(value, sql.Identifier(f"f{number}")))
        columns += [
            sql.SQL("NULL::pg_catalog.text AS {}").format(sql.Identifier(f"o{number}"))
            for number in range(len(self.columns))
        ]
        tables = _comma([item(read.table, read.alias) for read in self.way.reads])
        await self._run("CREATE TEMP TABLE way_back AS SELECT {} FROM {} WITH NO DATA", _comma(columns), tables)
        await self._run(
            "ALTER TABLE pg_temp.way_back ADD {} bigint GENERATED ALWAYS AS IDENTITY", sql.Identifier(NUMBER)
        )

    async def _fill(self, reader: Any, conditions: Sequence[sql.Composable]) -> None:
        first = self.way.reads[0].plan
        values = [self._forward(read, name) for read, name in self._needed]
        originals = [_as_text(column) for column in self.columns]
        where = sql.SQL(" AND ").join([first.kept, *conditions])
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            _comma([first.source_key or sql.SQL("NULL"), *values, *originals]), self.way.forward_clause, where
        )
        names = [KEY, *(f"f{n}" for n in range(len(values))), *(f"o{n}" for n in range(len(originals)))]
        planned = [self._planned(read, name) for read, name in self._needed]
        as_text = any(column is not None and column.conversion.text for column in planned)
        await pipe(
            reader, render_sql(query), self.session, ("pg_temp", "way_back"), names, source=self._endpoint,
            target=self.context.target, rate=self.context.rate, form="text" if as_text else "binary",
        )  # fmt: skip

    def _forward(self, read: Read, name: str) -> sql.Composable:
        planned = self._planned(read, name)
        return read.plan.value(planned) if planned is not None else sql.SQL("NULL")

    def _pages(self) -> list[list[sql.Composable]]:
        """Return the conditions of the ranges of pages that the source is read in; one without any: all of it."""
        table, version = self.way.source, self.plan.sources[self.way.database].version
        if table.kind != "r" or version < RANGES:
            return [[]]
        ctid = sql.Identifier(ROW, "ctid")
        starts = list(range(0, table.pages, PAGES_AT_ONCE)) or [0]
        ranges: list[list[sql.Composable]] = []
        for start in starts:
            ends: list[sql.Composable] = (
                [sql.SQL("{} >= {}::tid").format(ctid, sql.Literal(f"({start},0)"))] if start else []
            )
            if start != starts[-1]:
                ends.append(sql.SQL("{} < {}::tid").format(ctid, sql.Literal(f"({start + PAGES_AT_ONCE},0)")))
            ranges.append(ends)
        return ranges

    async def _guards(self) -> list[sql.Composable]:
        """Return the conditions that leave out the rows with a value that doesn't get into the target."""
        guards: list[sql.Composable] = []
        for table in dict.fromkeys(read.plan.place for read in self.way.reads):
            read = next(r for r in self.way.reads if r.plan.place == table)
            known = await scan_values(self.context, read.plan)
            for column in read.plan.columns:
                if column.target.name in known.dirty:
                    sound = guard(read.plan, column, known.refused, sql.SQL("true"))
                    guards.append(sql.SQL("coalesce({}, false)").format(sound))
        return guards

    # --- what comes back ----------------------------------------------------------------------------

    async def _judge(self) -> None:
        conditions = [
            sql.SQL("pg_catalog.count(*) FILTER (WHERE {})").format(self._differs(number))
            for number in range(len(self.columns))
        ]
        query = sql.SQL("SELECT {} FROM {}").format(_comma(conditions), self._rows)
        try:
            async with undone(self.session):
                counts = list(await self.session.fetchrow(render_sql(query)))
        except asyncpg.PostgresError as error:
            if not sqlstates.may_be_of_computing(error.sqlstate or ""):
                raise
            await self._judge_singly()
            return
        for number, count in enumerate(counts):
            if count:
                await self._note(number, count, self._differs(number))

    async def _judge_singly(self) -> None:
        """Judge each column by itself, of which one has values that its way back fails on."""
        await self._run("CREATE INDEX ON pg_temp.way_back ({})", sql.Identifier(NUMBER))
        last = await self.session.fetchval("SELECT pg_catalog.count(*) FROM pg_temp.way_back") or 0
        first = await self.session.fetchval(
            render_sql(sql.SQL("SELECT pg_catalog.min({}) FROM pg_temp.way_back").format(sql.Identifier(NUMBER)))
        )
        for number, column in enumerate(self.columns):
            differs = self._differs(number)
            probe = sql.SQL("SELECT pg_catalog.count(pg_catalog.num_nulls({})) FROM {} WHERE {} BETWEEN $1 AND $2")
            failing = sql.SQL("SELECT number FROM pg_temp.refused({}, {}, {}, {})").format(
                sql.Literal(render_sql(probe.format(column.inverse.value, self._rows, sql.Identifier("p", NUMBER)))),
                sql.Literal(first or 0), sql.Literal((first or 0) + last), sql.Literal(MOST_REFUSED),
            )  # fmt: skip
            numbers = [row[0] for row in await self.session.fetch(render_sql(failing))]
            among = sql.SQL("{} = ANY ({}::bigint[])").format(sql.Identifier("p", NUMBER), sql.Literal(numbers))
            either = sql.SQL("CASE WHEN {} THEN true ELSE {} END").format(among, differs)
            query = sql.SQL("SELECT pg_catalog.count(*) FROM {} WHERE {}").format(self._rows, either)
            if count := await self.session.fetchval(render_sql(query)):
                await self._note(number, count, either)

    @property
    def _rows(self) -> sql.Composable:
        """The staged rows as the tables of the target that the ways back read, under the same aliases."""
        tables = []
        for read in self.way.reads:
            columns = [
                sql.SQL("p.{} AS {}").format(sql.Identifier(f"f{number}"), sql.Identifier(name))
                for number, (other, name) in enumerate(self._needed)
                if other is read
            ]
            tables.append(
                sql.SQL(" CROSS JOIN LATERAL (SELECT {}) AS {}").format(_comma(columns), sql.Identifier(read.alias))
            )
        return sql.SQL("pg_temp.way_back AS p{}").format(sql.SQL("").join(tables))

    def _differs(self, number: int) -> sql.Composable:
        column = self.columns[number]
        return sql.SQL('{}::text COLLATE "C" IS DISTINCT FROM p.{} COLLATE "C"').format(
            sql.SQL("({})").format(_text(column, column.inverse.value)), sql.Identifier(f"o{number}")
        )

    async def _note(self, number: int, count: int, condition: sql.Composable) -> None:
        name = self.columns[number].column.name
        self.counts[name] = self.counts.get(name, 0) + count
        known = self.keys.setdefault(name, [])
        if len(known) >= EXAMPLES:
            return
        key = sql.Identifier("p", KEY)
        query = sql.SQL("SELECT {} FROM {} WHERE {} AND {} IS NOT NULL ORDER BY {} LIMIT {}").format(
            key, self._rows, condition, key, key, sql.Literal(EXAMPLES - len(known))
        )
        known += [row[0] for row in await self.session.fetch(render_sql(query))]

    def _finding(self, column: ColumnBack) -> Finding:
        name = column.column.name
        place = f"{self.way.place}.{name}"
        is_key = name in self.way.key
        message = f"value that doesn't come back as it was ({column.inverse.rule})"
        if is_key:
            message = f"{message}; it is of the key, so the row would come back as another one"
        action = FAIL if is_key else self.policies.action("irreversible", place)
        keys = tuple(self.keys[name])
        return Finding("irreversible", "block", place, self.counts[name], message, keys, action, resolvable=not is_key)

    async def _run(self, text: str, *parts: sql.Composable) -> None:
        await self.session.execute(render_sql(sql.SQL(text).format(*parts)))


def _text(column: ColumnBack, value: sql.Composable) -> sql.Composable:
    """Return a legacy value in the form in which it is compared: money by its amount, as its text is the server's."""
    if column.column.type.built_in and column.column.type.name == "money":
        return sql.SQL("({})::pg_catalog.money::pg_catalog.numeric").format(value)
    return value


def _as_text(column: ColumnBack) -> sql.Composable:
    value = _text(column, sql.Identifier(ROW, column.column.name))
    return sql.SQL("({})::pg_catalog.text").format(value)


def _named(column: Any) -> sql.Composable:
    return sql.Identifier(column.type.schema, column.type.name)


def _comma(parts: Sequence[sql.Composable]) -> sql.Composable:
    return sql.SQL(", ").join(parts)
