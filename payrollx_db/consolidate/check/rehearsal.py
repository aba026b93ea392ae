"""A rehearsal: rows as they will arrive, in a temporary table of the target, against the target's own rules.

Only the columns that a rule needs are copied there, and only of tables whose rules the source doesn't guarantee. The
expressions, types, collations and functions are the target's, and so is the search_path of the copy. What a rule
computes is asked for by query, never by failing: a row that raises an error is found, and named like the others.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from psycopg import sql

from payrollx_db.consolidate.check.breaches import Breach, Failure
from payrollx_db.consolidate.check.demands import Demand
from payrollx_db.consolidate.check.savepoint import undone
from payrollx_db.consolidate.check.stage import FEED, KEY, LONG, NUMBER, Feed, Known, Stage, comma, prepare
from payrollx_db.consolidate.check.target_rules import IndexRule, TableRules
from payrollx_db.consolidate.context import Context
from payrollx_db.postgres import sqlstates
from payrollx_db.postgres.session import render_sql

OF_ROWS = ("XX", "27")  # errors that a row may cause here, beside those that a row may cause anywhere
OF_NAMES = ("42", "3F")  # errors that every row would cause
# So that an entry is made with its row: a gin's waits in a list otherwise, a brin's for the next vacuum.
AT_ONCE = {"gin": " WITH (fastupdate = off)", "brin": " WITH (pages_per_range = 131072)"}
CODES = {"23502": "null", "23514": "check-violated", "54000": "too-large"}


@dataclass
class Rehearsal:
    """Rehearses one table at a time in ``session``, which is in a transaction that is never committed."""

    context: Context
    session: Any
    known: Known
    limit: int
    _prepared: bool = False

    async def of(
        self, rules: TableRules, demands: Sequence[Demand], feeds: Sequence[Feed], *, beside: bool = False
    ) -> tuple[list[Breach], list[Failure]]:
        """Return what breaks the demands, and which of them can't be computed at all. Raises SourceError, TargetError.

        ``beside`` holds the rows against those too that the target has in other scopes than the feeds'. Its tables, and
        the locks on them, are gone afterwards.
        """
        with self.context.target.translating_errors(f"can't rehearse {feeds[0].table.target_name}"):
            await self.prepare()
            async with undone(self.session):
                stage = Stage(self.context, self.session, self.known, rules, feeds, beside=beside)
                await stage.fill(demands)
                performance = _Performance(stage, self.limit)
                for demand in demands:
                    await performance.meet(demand)
                return performance.breaches, performance.failures

    async def prepare(self) -> None:
        """Make what all stages use, once: before the first block of the session that is undone."""
        if not self._prepared:
            await prepare(self.session)
            self._prepared = True


@dataclass
class _Performance:
    """What is computed on a stage, and what is found so."""

    stage: Stage
    limit: int
    breaches: list[Breach] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    async def meet(self, demand: Demand) -> None:
        """Compute one demand, and note what breaks it."""
        probe = self._probe(demand)
        if not await self._computable(demand, probe):
            return
        breaking = self._breaking(demand)
        if demand.kind in ("size", "compare"):
            await self._enter(demand)
        elif demand.kind == "exclude":
            await self._overlaps(demand)
        elif breaking is not None:
            await self._note(demand.code, demand, _message(demand), breaking)
        if self.stage.beside and demand.kind in ("unique", "exclude") and demand.index is not None:
            await self._beside(demand, demand.index)

    def _breaking(self, demand: Demand) -> sql.Composable | None:
        """Return the query of the numbers of the rows that break ``demand``; ``None`` where computing it is all."""
        number = sql.Identifier(NUMBER)
        rows = self.stage.rows(demand)
        if demand.kind == "check":
            return sql.SQL("SELECT {} FROM {} WHERE ({}) IS FALSE").format(number, rows, sql.SQL(demand.expressions[0]))
        if demand.kind == "route":
            anywhere = " OR ".join(f"({bounds})" for bounds in demand.expressions) or "false"
            return sql.SQL("SELECT {} FROM {} WHERE ({}) IS NOT TRUE").format(number, rows, sql.SQL(anywhere))
        if demand.kind == "refer":
            return self._astray(demand)
        if demand.kind == "unique" and demand.index is not None:
            names = [sql.Identifier(f"e{place}") for place in range(len(demand.expressions))]
            some: sql.Composable = sql.SQL("true")
            if not demand.index.nulls_equal:
                some = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(name) for name in names)
            return sql.SQL(
                "SELECT {number} FROM (SELECT {number}, pg_catalog.row_number()"
                " OVER (PARTITION BY {names} ORDER BY {number}) AS place FROM ({elements}) AS e WHERE {some}) AS r"
                " WHERE place > 1"
            ).format(number=number, names=comma(names), elements=self.stage.elements(demand), some=some)
        return None

    def _astray(self, demand: Demand) -> sql.Composable:
        """Return the query of the numbers of the rows whose columns are among none of the ``parents``' keys."""
        own = [sql.Identifier(self.stage.feeds[0].table.target.name, column) for column in demand.columns]
        equal = [
            sql.SQL("parent.{} = {}").format(sql.Identifier(f"key{place}"), value) for place, value in enumerate(own, 1)
        ]
        return sql.SQL(
            "SELECT {number} FROM {rows} WHERE pg_catalog.num_nulls({values}) = 0 AND NOT EXISTS"
            " (SELECT FROM (SELECT * FROM pg_temp.{parents}) AS parent WHERE {equal})"
        ).format(
            number=sql.Identifier(NUMBER), rows=self.stage.rows(demand), values=comma(own),
            parents=sql.Identifier(demand.parents), equal=sql.SQL(" AND ").join(equal),
        )  # fmt: skip

    def _probe(self, demand: Demand) -> sql.Composable:
        """Return the query that computes a demand for the rows from number $1 to $2."""
        between = " OR " if demand.kind == "route" else ", "
        values = between.join(f"({text})" for text in demand.expressions) or "true"
        return sql.SQL("SELECT pg_catalog.count(ROW({})) FROM {}").format(
            sql.SQL(values), self.stage.rows(demand, ranged=True)
        )

    async def _computable(self, demand: Demand, probe: sql.Composable) -> bool:
        """Set the rows aside for which the demand raises an error; false where it does so whatever the row."""
        try:
            async with undone(self.stage.session):
                await self.stage.session.fetch(render_sql(probe), 1, self.stage.last)
        except asyncpg.PostgresError as error:
            state = error.sqlstate or ""
            if state.startswith(OF_NAMES) or not await self._runs(probe):
                self._fail(demand, state)
                return False
            if not (sqlstates.may_be_of_computing(state) or state.startswith(OF_ROWS)):
                raise
            return await self._set_aside(demand, probe)
        return True

    async def _runs(self, probe: sql.Composable) -> bool:
        """Tell whether a probe that has failed runs over no row at all: then it is a row that it has failed on."""
        try:
            async with undone(self.stage.session):
                await self.stage.session.fetch(render_sql(probe), 1, 0)
        except asyncpg.PostgresError as error:
            return not sqlstates.is_of_statement(error.sqlstate or "")
        return True

    async def _set_aside(self, demand: Demand, probe: sql.Composable) -> bool:
        query = sql.SQL("SELECT number, state FROM pg_temp.refused({}, 1, {}, {})").format(
            sql.Literal(render_sql(probe)), sql.Literal(self.stage.last), sql.Literal(self.limit + 1)
        )
        try:
            async with undone(self.stage.session):
                rows = await self.stage.session.fetch(render_sql(query))
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
        await self.stage.session.execute(
            "INSERT INTO pg_temp.refused_rows SELECT pg_catalog.unnest($1::bigint[])", [number for number, _ in rows]
        )
        return True

    def _fail(self, demand: Demand, state: str) -> None:
        trees = [
            demand.tree,
            *(self.stage.rules.columns[n].tree or "" for n in self.stage.rules.needed(demand.columns)),
        ]
        what = f"the key of {demand.what}" if demand.kind == "route" else demand.what
        self.failures.append(Failure(what, state, tuple(self.stage.rules.foreign(trees))))

    async def _enter(self, demand: Demand) -> None:
        """Try the rows in a real index of the same kind, one by one where one is refused: of a size, the long ones."""
        index = demand.index
        if index is None:
            return
        names = [f"e{place}" for place in range(len(demand.expressions))]
        entries = self.stage.elements(demand)
        await self.stage.run("CREATE TEMP TABLE entries AS SELECT * FROM ({entries}) AS e LIMIT 0", entries=entries)
        keys = ", ".join(f"{name} {kind}" for name, kind in zip(names, index.classes, strict=False))
        included = f" INCLUDE ({', '.join(names[index.keys :])})" if names[index.keys :] else ""
        await self.stage.run(
            "CREATE INDEX ON pg_temp.entries USING {method} ({keys}){included}{options}",
            method=sql.Identifier(index.method), keys=sql.SQL(keys), included=sql.SQL(included),
            options=sql.SQL(AT_ONCE.get(index.method, "")),
        )  # fmt: skip
        size = " + ".join(f"coalesce(pg_catalog.octet_length(({name})::text), 0)" for name in names)
        ranged = sql.SQL("SELECT * FROM ({}) AS e WHERE {} > {} AND {} BETWEEN $1 AND $2").format(
            entries, sql.SQL(size), sql.Literal(LONG if demand.kind == "size" else -1), sql.Identifier(NUMBER)
        )
        probe = sql.SQL("INSERT INTO pg_temp.entries {}").format(ranged)
        await self._computable(demand, probe)
        await self.stage.run("DROP TABLE pg_temp.entries")

    async def _overlaps(self, demand: Demand) -> None:
        """Find rows that an exclusion constraint refuses beside others, by an index of its own kind."""
        index = demand.index
        if index is None:
            return
        elements = self.stage.elements(demand)
        names = [f"e{place}" for place in range(len(demand.expressions))]
        await self.stage.run("CREATE TEMP TABLE elements AS {elements}", elements=elements)
        keys = ", ".join(f"{name} {kind}" for name, kind in zip(names, index.classes, strict=False))
        await self.stage.run(
            "CREATE INDEX ON pg_temp.elements USING {method} ({keys})",
            method=sql.Identifier(index.method), keys=sql.SQL(keys),
        )  # fmt: skip
        await self.stage.run("ANALYZE pg_temp.elements")
        both = " AND ".join(f"a.{n} {o} b.{n}" for n, o in zip(names, index.operators, strict=True))
        number = sql.Identifier(NUMBER)
        pairs = sql.SQL(
            "SELECT b.{number}, a.{number} FROM pg_temp.elements AS b JOIN pg_temp.elements AS a"
            " ON {both} AND a.{number} < b.{number} ORDER BY 1, 2 LIMIT {limit}"
        ).format(number=number, both=sql.SQL(both), limit=sql.Literal(10 * (self.limit + 1)))
        refused: set[int] = set()
        for later, earlier in await self.stage.session.fetch(render_sql(pairs)):
            if earlier not in refused:
                refused.add(later)
        await self.stage.run("DROP TABLE pg_temp.elements")
        rows = sql.SQL("SELECT pg_catalog.unnest({}::bigint[])").format(sql.Literal(sorted(refused)))
        await self._note(demand.code, demand, _message(demand), rows)

    async def _beside(self, demand: Demand, index: IndexRule) -> None:
        """Find rows that a row which the target has in another scope leaves no place for."""
        places = range(len(demand.expressions))
        if demand.kind == "exclude":
            same = [
                f"a.e{place} {operator} b.e{place}" for place, operator in zip(places, index.operators, strict=True)
            ]
        else:
            same = [f"a.e{n} IS NOT DISTINCT FROM b.e{n}" if index.nulls_equal else f"a.e{n} = b.e{n}" for n in places]
        query = sql.SQL("SELECT b.{} FROM ({}) AS b WHERE EXISTS (SELECT FROM ({}) AS a WHERE {})").format(
            sql.Identifier(NUMBER), self.stage.elements(demand), self.stage.present(demand), sql.SQL(" AND ".join(same))
        )
        message = f"{_message(demand)}: the target has one of another scope"
        await self._note(demand.code, demand, message, query)

    async def _note(self, code: str, demand: Demand, message: str, numbers: sql.Composable) -> None:
        """Note the rows with these numbers, table by table, as breaches of ``demand``."""
        query = sql.SQL(
            "SELECT r.{feed}, r.{key}, pg_catalog.count(*) OVER (PARTITION BY r.{feed}) FROM pg_temp.rehearsal AS r"
            " WHERE r.{number} IN ({numbers}) ORDER BY 1, 2 LIMIT {limit}"
        ).format(
            feed=sql.Identifier(FEED), key=sql.Identifier(KEY), number=sql.Identifier(NUMBER), numbers=numbers,
            limit=sql.Literal(self.limit + 1),
        )  # fmt: skip
        feeds: dict[int, list[str | None]] = defaultdict(list)
        counts: dict[int, int] = {}
        for feed, key, count in await self.stage.session.fetch(render_sql(query)):
            feeds[feed].append(key)
            counts[feed] = count
        for number, keys in feeds.items():
            table = self.stage.feeds[number].table
            needed = self.stage.rules.needed(demand.columns)
            columns = tuple(column for column in table.columns if column.target.name in needed)
            self.breaches.append(Breach(code, table, columns, message, counts[number], tuple(keys)))


def _message(demand: Demand) -> str:
    if demand.kind == "unique":
        return f"too many for {demand.what}"
    if demand.kind == "exclude":
        return f"overlaps with another row, by {demand.what}"
    if demand.kind == "route":
        return f"none of {demand.what} takes it"
    if demand.kind == "refer":
        return f"{demand.what}, by columns that the target fills itself"
    if demand.kind == "size":
        return f"too long for {demand.what}"
    return f"refused by {demand.what}{demand.caution}"
