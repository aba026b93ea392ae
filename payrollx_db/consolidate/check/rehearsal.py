"""A rehearsal: rows as they will arrive, in a temporary table of the target, against the target's own rules.

Only the columns that a rule needs are copied there, and only of tables whose rules the source doesn't guarantee. The
expressions, types, collations and functions are the target's, and so is the search_path of the copy. What a rule
computes is asked for by query, never by failing: a row that raises an error is found, and named like the others.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from psycopg import sql

from payrollx_db.consolidate.check.breaches import Breach, Failure
from payrollx_db.consolidate.check.demands import Demand
from payrollx_db.consolidate.check.savepoint import undone
from payrollx_db.consolidate.check.target_rules import TableRules
from payrollx_db.consolidate.check.values import NEWEST, Values
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import ROW, ColumnPlan, TablePlan
from payrollx_db.postgres import query_files, sqlstates
from payrollx_db.postgres.copy_pipe import pipe
from payrollx_db.postgres.session import render_sql, run

queries = query_files.beside(__name__)

NUMBER, FEED, KEY = "payrollx row number", "payrollx feed", "payrollx key"  # names that no table has
LONG = 600  # characters: what an index certainly takes, even of an array of small numbers
OF_ROWS = ("22", "23", "2F", "38", "39", "44", "54", "P0", "XX", "21", "27")  # errors that a row may cause
OF_NAMES = ("42", "3F", "0A")  # errors that every row would cause
CODES = {"23502": "null", "23514": "check-violated", "54000": "too-large"}

Known = Mapping[tuple[str, str], Values]


@dataclass(frozen=True)
class Feed:
    """A table whose rows arrive: those that ``rows`` is true of."""

    table: TablePlan
    rows: sql.Composable


@dataclass
class Rehearsal:
    """Rehearses one table at a time in ``session``, which is in a transaction that is never committed."""

    context: Context
    session: Any
    known: Known
    limit: int

    async def of(
        self, rules: TableRules, demands: Sequence[Demand], feeds: Sequence[Feed]
    ) -> tuple[list[Breach], list[Failure]]:
        """Return what breaks the demands, and which of them can't be computed at all. Raises SourceError, TargetError.

        Its tables, and the locks on them, are gone afterwards.
        """
        with self.context.target.translating_errors(f"can't rehearse {feeds[0].table.target_name}"):
            async with undone(self.session):
                stage = _Stage(self, rules, feeds)
                await stage.fill(demands)
                for demand in demands:
                    await stage.meet(demand)
                return stage.breaches, stage.failures


@dataclass
class _Stage:
    """The temporary table of one target table, and what is found with it."""

    rehearsal: Rehearsal
    rules: TableRules
    feeds: Sequence[Feed]
    breaches: list[Breach] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    _last: int = 0

    @property
    def session(self) -> Any:
        return self.rehearsal.session

    async def fill(self, demands: Iterable[Demand]) -> None:
        """Copy what the demands need."""
        demands = list(demands)
        needed = self.rules.needed(name for demand in demands for name in demand.columns)
        filled = {column.target.name for feed in self.feeds for column in feed.table.columns}
        names = [name for name in self.rules.columns if name in needed & filled]
        shapes = [sql.SQL(self._stored(name)) for name in names]
        columns = _comma(sql.SQL("{} {}").format(sql.Identifier(n), s) for n, s in zip(names, shapes, strict=True))
        await self._run(
            "CREATE TEMP TABLE rehearsal ({number} bigint GENERATED ALWAYS AS IDENTITY, {feed} integer,"
            " {key} text{comma}{columns})", columns=columns, comma=sql.SQL(", " if names else ""),
        )  # fmt: skip
        await self._run("CREATE TEMP TABLE refused_rows (number bigint)")
        await self.session.execute(queries.load("refused"))
        ordered = any(demand.kind in ("unique", "exclude") for demand in demands)
        only_long = _long_only(demands)
        for number, feed in enumerate(self.feeds):
            await self._pipe(number, feed, names, ordered=ordered, long=only_long)
        await self._run("CREATE UNIQUE INDEX ON pg_temp.rehearsal ({number})")
        await self._run("ANALYZE pg_temp.rehearsal")
        self._last = await self._value("SELECT coalesce(pg_catalog.max({number}), 0) FROM pg_temp.rehearsal")

    async def meet(self, demand: Demand) -> None:
        """Compute one demand, and note what breaks it."""
        probe = self._probe(demand)
        if not await self._computable(demand, probe):
            return
        breaking = self._breaking(demand)
        if demand.kind == "size":
            await self._long_entries(demand)
        elif demand.kind == "exclude":
            await self._overlaps(demand)
        elif breaking is not None:
            await self._note(demand.code, demand, _message(demand), breaking)

    # --- what a demand asks ------------------------------------------------------------------------

    def _breaking(self, demand: Demand) -> sql.Composable | None:
        """Return the query of the numbers of the rows that break ``demand``; ``None`` where computing it is all."""
        number = sql.Identifier(NUMBER)
        rows = self._rows(demand)
        if demand.kind == "check":
            return sql.SQL("SELECT {} FROM {} WHERE ({}) IS FALSE").format(number, rows, sql.SQL(demand.expressions[0]))
        if demand.kind == "route":
            anywhere = " OR ".join(f"({bounds})" for bounds in demand.expressions) or "false"
            return sql.SQL("SELECT {} FROM {} WHERE ({}) IS NOT TRUE").format(number, rows, sql.SQL(anywhere))
        if demand.kind == "unique" and demand.index is not None:
            names = [sql.Identifier(f"e{place}") for place in range(len(demand.expressions))]
            some: sql.Composable = sql.SQL("true")
            if not demand.index.nulls_equal:
                some = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(name) for name in names)
            return sql.SQL(
                "SELECT {number} FROM (SELECT {number}, pg_catalog.row_number()"
                " OVER (PARTITION BY {names} ORDER BY {number}) AS place FROM ({elements}) AS e WHERE {some}) AS r"
                " WHERE place > 1"
            ).format(number=number, names=_comma(names), elements=self._elements(demand), some=some)
        return None

    def _elements(self, demand: Demand) -> sql.Composable:
        """Return the query of a demand's expressions, numbered e0, e1, … like its rows, where its conditions hold."""
        collations = demand.index.collations if demand.index else []
        parts = []
        for place, text in enumerate(demand.expressions):
            collation = collations[place] if place < len(collations) else None
            parts.append(f"({text}){f' COLLATE {collation}' if collation else ''} AS e{place}")
        condition = " AND ".join(f"({text})" for text in demand.conditions) or "true"
        return sql.SQL("SELECT {}, {} FROM {} WHERE {}").format(
            sql.Identifier(NUMBER), sql.SQL(", ".join(parts)), self._rows(demand, whole=True), sql.SQL(condition)
        )

    def _rows(self, demand: Demand, *, ranged: bool = False, whole: bool = False) -> sql.Composable:
        """Return the rows so far sound, with the columns that ``demand`` needs, as a FROM item of the table's name.

        ``ranged`` limits them to numbers from $1 to $2.
        """
        needed = self.rules.needed(demand.columns)
        filled = {column.target.name for feed in self.feeds for column in feed.table.columns}
        plain, generated = [], []
        for name in self.rules.columns:
            if name in needed and not self.rules.columns[name].generated:
                plain.append(self._column(name, raw=demand.raw, filled=name in filled))
            elif name in needed:
                generated.append(name)
        alias = sql.Identifier(self.feeds[0].table.target.name)
        some = sql.SQL(" AND r.{} BETWEEN $1 AND $2").format(sql.Identifier(NUMBER)) if ranged else sql.SQL("")
        rows: sql.Composable = sql.SQL(
            "(SELECT {columns} FROM pg_temp.rehearsal AS r WHERE NOT EXISTS (SELECT FROM pg_temp.refused_rows AS b"
            " WHERE b.number = r.{number}){some} OFFSET 0) AS {alias}"
        ).format(
            columns=_comma([sql.SQL("r.{}").format(sql.Identifier(NUMBER)), *plain]),
            number=sql.Identifier(NUMBER), some=some, alias=alias,
        )  # fmt: skip
        for name in generated:
            column = self.rules.columns[name]
            more = "(SELECT {alias}.*, ({expression})::{type} AS {name} FROM {rows} OFFSET 0) AS {alias}"
            rows = sql.SQL(more).format(
                alias=alias, expression=sql.SQL(column.expression or "NULL"), type=sql.SQL(column.declared),
                name=sql.Identifier(name), rows=rows,
            )  # fmt: skip
        conditions = [] if whole else demand.conditions
        if conditions:
            condition = sql.SQL(" AND ".join(f"({text})" for text in conditions))
            rows = sql.SQL("(SELECT * FROM {} WHERE {} OFFSET 0) AS {}").format(rows, condition, alias)
        return rows

    def _column(self, name: str, *, raw: bool, filled: bool) -> sql.Composable:
        column = self.rules.columns[name]
        stored: sql.Composable = sql.SQL("r.{}").format(sql.Identifier(name))
        value = stored
        if not filled:
            kind = column.plain or column.declared
            value = sql.SQL("({})::{}").format(sql.SQL(column.expression or "NULL"), sql.SQL(kind))
        elif column.plain is None and not raw:
            value = sql.SQL("{}::{}").format(stored, sql.SQL(column.declared))
        if column.collation and not (filled and column.plain):
            value = sql.SQL("{} COLLATE {}").format(value, sql.SQL(column.collation)) if column.plain else value
        return sql.SQL("{} AS {}").format(value, sql.Identifier(name))

    def _stored(self, name: str) -> str:
        column = self.rules.columns[name]
        collation = f" COLLATE {column.collation}" if column.collation and column.plain else ""
        return f"{column.plain or 'text'}{collation}"

    # --- computing ---------------------------------------------------------------------------------

    def _probe(self, demand: Demand) -> sql.Composable:
        """Return the query that computes a demand for the rows from number $1 to $2."""
        between = " OR " if demand.kind == "route" else ", "
        values = between.join(f"({text})" for text in demand.expressions) or "true"
        return sql.SQL("SELECT pg_catalog.count(ROW({})) FROM {}").format(
            sql.SQL(values), self._rows(demand, ranged=True)
        )

    async def _computable(self, demand: Demand, probe: sql.Composable) -> bool:
        """Set the rows aside for which the demand raises an error; false where it does so whatever the row."""
        try:
            async with undone(self.session):
                await self.session.fetch(render_sql(probe), 1, self._last)
        except asyncpg.PostgresError as error:
            state = error.sqlstate or ""
            if state.startswith(OF_NAMES):
                self._fail(demand, state)
                return False
            if not state.startswith(OF_ROWS):
                raise
            return await self._set_aside(demand, probe)
        return True

    async def _set_aside(self, demand: Demand, probe: sql.Composable) -> bool:
        query = sql.SQL("SELECT number, state FROM pg_temp.refused({}, 1, {}, {})").format(
            sql.Literal(render_sql(probe)), sql.Literal(self._last), sql.Literal(self.rehearsal.limit + 1)
        )
        try:
            async with undone(self.session):
                rows = await self.session.fetch(render_sql(query))
        except asyncpg.PostgresError as error:
            if not (error.sqlstate or "").startswith(OF_NAMES):
                raise
            self._fail(demand, error.sqlstate or "")
            return False
        states: dict[str, list[int]] = defaultdict(list)
        for number, state in rows:
            states[state].append(number)
        for state, numbers in states.items():
            code = CODES.get(state, "uncomputable")
            refused = sql.SQL("SELECT pg_catalog.unnest({}::bigint[])").format(sql.Literal(numbers))
            message = _message(demand) if code != "uncomputable" else (
                f"{demand.what} can't be computed of it: {sqlstates.words(state)} (SQLSTATE {state})"
            )  # fmt: skip
            await self._note(code, demand, message, refused)
        await self.session.execute(
            "INSERT INTO pg_temp.refused_rows SELECT pg_catalog.unnest($1::bigint[])", [number for number, _ in rows]
        )
        return True

    def _fail(self, demand: Demand, state: str) -> None:
        trees = [demand.tree, *(self.rules.columns[n].tree or "" for n in self.rules.needed(demand.columns))]
        self.failures.append(Failure(demand.what, state, tuple(self.rules.foreign(trees))))

    async def _long_entries(self, demand: Demand) -> None:
        """Try the rows with long values in a real index of the same kind, one by one where one is refused."""
        index = demand.index
        if index is None:
            return
        names = [f"e{place}" for place in range(len(demand.expressions))]
        entries = self._elements(demand)
        await self._run("CREATE TEMP TABLE entries AS SELECT * FROM ({entries}) AS e LIMIT 0", entries=entries)
        keys = ", ".join(f"{name} {kind}" for name, kind in zip(names, index.classes, strict=False))
        included = f" INCLUDE ({', '.join(names[index.keys :])})" if names[index.keys :] else ""
        slow = " WITH (fastupdate = off)" if index.method == "gin" else ""
        await self._run(
            "CREATE INDEX ON pg_temp.entries USING {method} ({keys}){included}{slow}",
            method=sql.Identifier(index.method), keys=sql.SQL(keys), included=sql.SQL(included), slow=sql.SQL(slow),
        )  # fmt: skip
        size = " + ".join(f"coalesce(pg_catalog.octet_length(({name})::text), 0)" for name in names)
        ranged = sql.SQL("SELECT * FROM ({}) AS e WHERE {} > {} AND {} BETWEEN $1 AND $2").format(
            entries, sql.SQL(size), sql.Literal(LONG), sql.Identifier(NUMBER)
        )
        probe = sql.SQL("INSERT INTO pg_temp.entries {}").format(ranged)
        await self._computable(demand, probe)
        await self._run("DROP TABLE pg_temp.entries")

    async def _overlaps(self, demand: Demand) -> None:
        """Find rows that an exclusion constraint refuses beside others, by an index of its own kind."""
        index = demand.index
        if index is None:
            return
        elements = self._elements(demand)
        names = [f"e{place}" for place in range(len(demand.expressions))]
        await self._run("CREATE TEMP TABLE elements AS {elements}", elements=elements)
        keys = ", ".join(f"{name} {kind}" for name, kind in zip(names, index.classes, strict=False))
        await self._run(
            "CREATE INDEX ON pg_temp.elements USING {method} ({keys})",
            method=sql.Identifier(index.method), keys=sql.SQL(keys),
        )  # fmt: skip
        await self._run("ANALYZE pg_temp.elements")
        both = " AND ".join(f"a.{n} {o} b.{n}" for n, o in zip(names, index.operators, strict=True))
        number = sql.Identifier(NUMBER)
        pairs = sql.SQL(
            "SELECT b.{number}, a.{number} FROM pg_temp.elements AS b JOIN pg_temp.elements AS a"
            " ON {both} AND a.{number} < b.{number} ORDER BY 1, 2 LIMIT {limit}"
        ).format(number=number, both=sql.SQL(both), limit=sql.Literal(10 * (self.rehearsal.limit + 1)))
        refused: set[int] = set()
        for later, earlier in await self.session.fetch(render_sql(pairs)):
            if earlier not in refused:
                refused.add(later)
        await self._run("DROP TABLE pg_temp.elements")
        rows = sql.SQL("SELECT pg_catalog.unnest({}::bigint[])").format(sql.Literal(sorted(refused)))
        await self._note(demand.code, demand, _message(demand), rows)

    async def _note(self, code: str, demand: Demand, message: str, numbers: sql.Composable) -> None:
        """Note the rows with these numbers, table by table, as breaches of ``demand``."""
        query = sql.SQL(
            "SELECT r.{feed}, r.{key}, pg_catalog.count(*) OVER (PARTITION BY r.{feed}) FROM pg_temp.rehearsal AS r"
            " WHERE r.{number} IN ({numbers}) ORDER BY 1, 2 LIMIT {limit}"
        ).format(
            feed=sql.Identifier(FEED), key=sql.Identifier(KEY), number=sql.Identifier(NUMBER), numbers=numbers,
            limit=sql.Literal(self.rehearsal.limit + 1),
        )  # fmt: skip
        feeds: dict[int, list[str | None]] = defaultdict(list)
        counts: dict[int, int] = {}
        for feed, key, count in await self.session.fetch(render_sql(query)):
            feeds[feed].append(key)
            counts[feed] = count
        for number, keys in feeds.items():
            table = self.feeds[number].table
            needed = self.rules.needed(demand.columns)
            columns = tuple(column for column in table.columns if column.target.name in needed)
            self.breaches.append(Breach(code, table, columns, message, counts[number], tuple(keys)))

    # --- filling -----------------------------------------------------------------------------------

    async def _pipe(
        self, number: int, feed: Feed, names: Sequence[str], *, ordered: bool, long: Sequence[str] | None
    ) -> None:
        table, known = feed.table, self.rehearsal.known[feed.table.place]
        filled = {column.target.name: column for column in table.columns}
        values = [self._value_of(known, table, filled.get(name), name) for name in names]
        where = feed.rows
        if long is not None:
            where = sql.SQL("{} AND {}").format(where, _is_long(table, known, long))
        key = table.source_key or (sql.SQL("s.ctid::text") if table.source.kind in "rp" else sql.SQL("NULL::text"))
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            _comma([sql.SQL("{}::integer").format(sql.Literal(number)), key, *values]), table.from_clause, where
        )
        if ordered:
            newest = [sql.Identifier(ROW, name) for name in NEWEST if table.source.column(name)]
            age = newest[0] if newest else sql.SQL("NULL::timestamp")
            query = sql.SQL("{} ORDER BY {} DESC NULLS LAST, 2").format(query, age)
        source, context = self.rehearsal.context.sources[table.database], self.rehearsal.context
        as_text = any(filled[name].conversion.text for name in names if name in filled)
        async with context.sessions.copy_connection(source) as reader:
            await pipe(
                reader, render_sql(query), self.session, ("pg_temp", "rehearsal"), [FEED, KEY, *names],
                source=source, target=context.target, rate=context.rate, form="text" if as_text else "binary",
            )  # fmt: skip

    def _value_of(self, known: Values, table: TablePlan, column: ColumnPlan | None, name: str) -> sql.Composable:
        if column is None:
            return sql.SQL("NULL::{}").format(sql.SQL("text"))
        value = known.guarded(column)
        if keys := table.nulled.get(name):
            value = sql.SQL("CASE WHEN {} THEN NULL ELSE {} END").format(table.among(keys), value)
        return value if self.rules.columns[name].plain else sql.SQL("({})::text").format(value)

    # --- helpers -----------------------------------------------------------------------------------

    async def _run(self, text: str, **parts: sql.Composable) -> None:
        await self.session.execute(render_sql(self._composed(text, parts)))

    async def _value(self, text: str) -> Any:
        return await self.session.fetchval(render_sql(self._composed(text, {})))

    @staticmethod
    def _composed(text: str, parts: Mapping[str, sql.Composable]) -> sql.Composed:
        names = {"number": sql.Identifier(NUMBER), "feed": sql.Identifier(FEED), "key": sql.Identifier(KEY)}
        return sql.SQL(text).format(**names, **parts)


async def long_values(context: Context, feed: Feed, known: Values, groups: Sequence[Sequence[str]]) -> list[bool]:
    """Tell, of each group of target columns, whether a row has values there that an index may not take.

    In one scan. Raises SourceError.
    """
    conditions = [sql.SQL("bool_or({})").format(_is_long(feed.table, known, names)) for names in groups]
    query = sql.SQL("SELECT {} FROM {} WHERE {}").format(_comma(conditions), feed.table.from_clause, feed.rows)
    endpoint = context.sources[feed.table.database]
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't read {feed.table.source.full_name}"):
            return [bool(answer) for answer in (await run(connection, query))[0]]


def _is_long(table: TablePlan, known: Values, names: Sequence[str]) -> sql.Composable:
    sizes = [
        sql.SQL("coalesce(pg_catalog.octet_length(({})::text), 0)").format(known.guarded(column))
        for column in table.columns
        if column.target.name in names
    ]
    total = sql.SQL(" + ").join(sizes) if sizes else sql.SQL("0")
    return sql.SQL("{} > {}").format(total, sql.Literal(LONG))


def _long_only(demands: Iterable[Demand]) -> list[str] | None:
    """Return the columns by whose length rows are chosen, where nothing but the length of entries is asked."""
    demands = list(demands)
    if any(demand.kind != "size" or (demand.index is not None and not demand.index.plain) for demand in demands):
        return None
    return list(dict.fromkeys(name for demand in demands for name in demand.columns))


def _message(demand: Demand) -> str:
    if demand.kind == "unique":
        return f"too many for {demand.what}"
    if demand.kind == "exclude":
        return f"overlaps with another row, by {demand.what}"
    if demand.kind == "route":
        return f"none of {demand.what} takes it"
    if demand.kind == "size":
        return f"too long for {demand.what}"
    return f"refused by {demand.what}"


def _comma(parts: Iterable[sql.Composable]) -> sql.Composable:
    return sql.SQL(", ").join(parts)
