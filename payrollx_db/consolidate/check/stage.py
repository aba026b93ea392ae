"""The stage of a rehearsal: a temporary table with the rows of one target table, as they will arrive.

It has only the columns that are needed, in types that take whatever comes; what is read from it has the target's own
types, defaults and generated columns.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.check.demands import Demand
from payrollx_db.consolidate.check.target_rules import TableRules
from payrollx_db.consolidate.check.values import NEWEST, Values
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.destination import condition
from payrollx_db.consolidate.plan.mapping import ROW, ColumnPlan, TablePlan
from payrollx_db.postgres import query_files
from payrollx_db.postgres.copy_pipe import pipe
from payrollx_db.postgres.session import render_sql, run

queries = query_files.beside(__name__)

NUMBER, FEED, KEY = "payrollx row number", "payrollx feed", "payrollx key"  # names that no table has
FEW = 1000  # rows that are read as fast without an index
LONG = 600  # characters: what an index certainly takes, even of an array of small numbers

Known = Mapping[tuple[str, str], Values]


@dataclass(frozen=True)
class Feed:
    """A table whose rows arrive: those that ``rows`` is true of."""

    table: TablePlan
    rows: sql.Composable


@dataclass
class Stage:
    """The temporary table of one target table, in ``session``, and what is read from it."""

    context: Context
    session: Any
    known: Known
    rules: TableRules
    feeds: Sequence[Feed]
    last: int = 0  # the number of the last row
    beside: bool = False  # whether rows that the target has in other scopes count too

    async def fill(self, demands: Iterable[Demand]) -> None:
        """Copy what the demands need."""
        demands = list(demands)
        needed = self.rules.needed(name for demand in demands for name in demand.columns)
        filled = {column.target.name for feed in self.feeds for column in feed.table.columns}
        names = [name for name in self.rules.columns if name in needed & filled]
        shapes = [sql.SQL(self._stored(name)) for name in names]
        columns = comma(sql.SQL("{} {}").format(sql.Identifier(n), s) for n, s in zip(names, shapes, strict=True))
        await self.run(
            "CREATE TEMP TABLE rehearsal ({number} bigint GENERATED ALWAYS AS IDENTITY, {feed} integer,"
            " {key} text{comma}{columns})", columns=columns, comma=sql.SQL(", " if names else ""),
        )  # fmt: skip
        ordered = any(demand.kind in ("unique", "exclude") for demand in demands)
        only_long = _long_only(demands)
        for number, feed in enumerate(self.feeds):
            await self._pipe(number, feed, names, ordered=ordered, long=only_long)
        self.last = await self.value("SELECT coalesce(pg_catalog.max({number}), 0) FROM pg_temp.rehearsal")
        if self.last > FEW:
            await self.run("CREATE UNIQUE INDEX ON pg_temp.rehearsal ({number}); ANALYZE pg_temp.rehearsal")

    def rows(self, demand: Demand, *, ranged: bool = False, whole: bool = False) -> sql.Composable:
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
            columns=comma([sql.SQL("r.{}").format(sql.Identifier(NUMBER)), *plain]),
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

    def elements(self, demand: Demand) -> sql.Composable:
        """Return the query of a demand's expressions, numbered e0, e1, … like its rows, where its conditions hold."""
        collations = demand.index.collations if demand.index else []
        parts = []
        for place, text in enumerate(demand.expressions):
            collation = collations[place] if place < len(collations) else None
            parts.append(f"({text}){f' COLLATE {collation}' if collation else ''} AS e{place}")
        condition = " AND ".join(f"({text})" for text in demand.conditions) or "true"
        return sql.SQL("SELECT {}, {} FROM {} WHERE {}").format(
            sql.Identifier(NUMBER), sql.SQL(", ".join(parts)), self.rows(demand, whole=True), sql.SQL(condition)
        )

    def present(self, demand: Demand) -> sql.Composable:
        """Return the query of the same expressions, e0, e1, …, over the rows that the target has in other scopes."""
        target = self.feeds[0].table.target
        names = sql.SQL(", ").join(
            sql.SQL("({}) AS {}").format(sql.SQL(text), sql.Identifier(f"e{place}"))
            for place, text in enumerate(demand.expressions)
        )
        own = dict.fromkeys(feed.table.destination for feed in self.feeds)
        mine = sql.SQL(" OR ").join(
            sql.SQL("({})").format(condition(destination.scope, target.name)) for destination in own
        )
        return sql.SQL("SELECT {} FROM {}{} AS {} WHERE ({}) AND ({}) IS NOT TRUE").format(
            names, sql.SQL("" if target.kind == "p" else "ONLY "), target.identifier, sql.Identifier(target.name),
            sql.SQL(" AND ".join(f"({text})" for text in demand.conditions) or "true"), mine,
        )  # fmt: skip

    async def run(self, text: str, **parts: sql.Composable) -> None:
        await self.session.execute(render_sql(self._composed(text, parts)))

    async def value(self, text: str) -> Any:
        return await self.session.fetchval(render_sql(self._composed(text, {})))

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

    async def _pipe(
        self, number: int, feed: Feed, names: Sequence[str], *, ordered: bool, long: Sequence[str] | None
    ) -> None:
        table, known = feed.table, self.known[feed.table.place]
        filled = {column.target.name: column for column in table.columns}
        values = [self._value_of(known, table, filled.get(name), name) for name in names]
        where = feed.rows
        if long is not None:
            where = sql.SQL("{} AND {}").format(where, _is_long(table, known, long))
        key = table.source_key or (sql.SQL("s.ctid::text") if table.source.kind in "rp" else sql.SQL("NULL::text"))
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            comma([sql.SQL("{}::integer").format(sql.Literal(number)), key, *values]), table.from_clause, where
        )
        if ordered:
            newest = [sql.Identifier(ROW, name) for name in NEWEST if table.source.column(name)]
            age = newest[0] if newest else sql.SQL("NULL::timestamp")
            query = sql.SQL("{} ORDER BY {} DESC NULLS LAST, 2").format(query, age)
        source, context = self.context.sources[table.database], self.context
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

    @staticmethod
    def _composed(text: str, parts: Mapping[str, sql.Composable]) -> sql.Composed:
        names = {"number": sql.Identifier(NUMBER), "feed": sql.Identifier(FEED), "key": sql.Identifier(KEY)}
        return sql.SQL(text).format(**names, **parts)


async def prepare(session: Any) -> None:
    """Make what all stages of a session use, once: its rows are undone with each stage."""
    await session.execute("CREATE TEMP TABLE refused_rows (number bigint)")
    await session.execute(queries.load("refused"))


async def long_values(context: Context, feed: Feed, known: Values, groups: Sequence[Sequence[str]]) -> list[bool]:
    """Tell, of each group of target columns, whether a row has values there that an index may not take.

    In one scan. Raises SourceError.
    """
    conditions = [sql.SQL("bool_or({})").format(_is_long(feed.table, known, names)) for names in groups]
    query = sql.SQL("SELECT {} FROM {} WHERE {}").format(comma(conditions), feed.table.from_clause, feed.rows)
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


def comma(parts: Iterable[sql.Composable]) -> sql.Composable:
    """Return the parts with commas between them."""
    return sql.SQL(", ").join(parts)
