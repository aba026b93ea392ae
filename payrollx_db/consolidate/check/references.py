"""References across databases: which children find no parent, before any of them moves.

No source may be written to, and no table is pulled into Python. The distinct values of each end are
piped into temporary tables of one target session, which vanish with it, and are joined there.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.check.values import Values
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.destination import Destination, Scope, condition
from payrollx_db.consolidate.plan.mapping import ColumnPlan, TablePlan
from payrollx_db.model.catalog import Reference
from payrollx_db.model.finding import EXAMPLES
from payrollx_db.postgres import query_files
from payrollx_db.postgres.copy_pipe import pipe
from payrollx_db.postgres.introspect import Column
from payrollx_db.postgres.session import render_sql, run

queries = query_files.beside(__name__)

Known = Mapping[tuple[str, str], Values]

# Types of which equal values have one text: grouping by that as well would cost as much again.
WRITTEN_ALIKE = frozenset({"bool", "date", "int2", "int4", "int8", "oid", "timestamp", "timestamptz", "uuid"})

# Of so few parents, an index and statistics cost more than they save.
FEW_PARENTS = 200


@dataclass(frozen=True)
class ReferenceEnd:
    """One end of a reference: columns of a planned table, in the rows that go (or ``among`` some keys only).

    With ``bounds``, only the rows that end up in one partition count: ``routing`` are the columns that decide about it.
    """

    table: TablePlan
    columns: tuple[ColumnPlan, ...]
    among: Sequence[str] | None = None
    bounds: str | None = None
    routing: tuple[ColumnPlan, ...] = ()

    @property
    def rows(self) -> sql.Composable:
        """The condition of the rows that count."""
        if self.among is None:
            return self.table.kept
        return sql.SQL("{} AND {}").format(self.table.kept, self.table.among(self.among))

    def pointed_at(self, text: str) -> str:
        """Return what a value of this end, as one text, has in its parent: without the columns of the routing."""
        if not self.routing:
            return text
        values: list[str] = json.loads(text)[: len(self.columns)]
        return values[0] if len(values) == 1 else json.dumps(values, ensure_ascii=False)


@dataclass(frozen=True)
class Orphans:
    """The values of a child's columns that no parent has, as text: each with how many rows have it."""

    child: ReferenceEnd
    values: dict[str, int]


@dataclass(frozen=True)
class _Shape:
    """How one column of a reference's end is compared: type without domains, collation, and where its equality is."""

    type: str
    collation: str
    schema: str

    @property
    def declared(self) -> str:
        """The type with its collation."""
        return self.type + self.collation

    @property
    def cast(self) -> sql.Composable:
        """What makes the other end's value one of this type, where that type has an equality of its own."""
        return sql.SQL("" if self.schema == "pg_catalog" else f"::{self.type}")


@dataclass
class ReferenceWorkspace:
    """The target session whose temporary tables hold both ends' values.

    ``foreseen`` are columns of target tables, by the table's name, that references will be looked at by: how they are
    compared is asked of all at once.
    """

    context: Context
    session: Any
    known: Known
    limit: int
    foreseen: Collection[tuple[str, str]] = ()
    _made: int = field(default=0)
    _asked: dict[tuple[str, str], "_Shape"] = field(default_factory=dict)
    _shapes: dict[str, list["_Shape"]] = field(default_factory=dict)
    _temporal: set[str] = field(default_factory=set)
    _present: dict[Destination, bool] = field(default_factory=dict)

    async def parents(
        self, reference: Reference, ends: Sequence[ReferenceEnd], *, temporal: bool = False, among: Scope = ()
    ) -> str:
        """Collect the parents' keys, those that the target has already and those that will come; return the table.

        Of a ``temporal`` reference, the last columns are periods. Of the target's rows, only those ``among`` a scope
        are collected.
        """
        name = self._name("parents")
        self._temporal |= {name} if temporal else set()
        routing = [column.target.name for column in ends[0].routing] if ends else []
        keys = _key_names(len(reference.target_columns))
        all_keys = _key_names(len(keys) + len(routing))
        parents = sql.Identifier(name)
        names = [*reference.target_columns, *routing]
        shapes = await self._columns(reference.target_table, names)
        self._shapes[name] = shapes[: len(keys)]
        columns = _comma(
            sql.SQL("{}::{} AS {}").format(sql.Identifier(column), sql.SQL(shape.declared), sql.Identifier(key))
            for column, shape, key in zip(names, shapes, all_keys, strict=True)
        )
        query = "CREATE TEMP TABLE {parents} AS SELECT {columns} FROM {table} WHERE {among}"
        table = _qualified(reference.target_table)
        tag = await self._run(query, parents=parents, columns=columns, table=table, among=condition(among))
        rows = int(tag.rpartition(" ")[2])
        for end in ends:
            rows += await self._fill(name, all_keys, end, "SELECT {values} FROM {source} WHERE ({rows}) AND {complete}")
        if ends and ends[0].bounds:
            await self._leave_only(name, ends[0])
        if rows > FEW_PARENTS:
            await self._run("CREATE INDEX ON pg_temp.{parents} ({keys})", parents=parents, keys=_listed(keys))
            await self._run("ANALYZE pg_temp.{parents}", parents=parents)
        return name

    async def orphans(self, parents: str, child: ReferenceEnd) -> Orphans:
        """Return the child's values that aren't among ``parents``, at most ``limit`` of them and one more."""
        query = "SELECT {text}, rows FROM strays ORDER BY {keys}"
        return Orphans(child, dict(await self._without(parents, child, query, self.limit + 1)))

    async def unmatched(self, parents: str, child: ReferenceEnd) -> tuple[int, tuple[str, ...]]:
        """Return how many rows of the child have values that aren't among ``parents``, and some of those values."""
        query = "SELECT {text}, (pg_catalog.sum(rows) OVER ())::bigint FROM strays ORDER BY {keys}"
        rows = await self._without(parents, child, query, EXAMPLES)
        return (rows[0][1] if rows else 0), tuple(key for key, _ in rows)

    async def incomplete(self, child: ReferenceEnd) -> tuple[int, tuple[str, ...]]:
        """Return how many rows have some of the child's columns NULL and others not, and their keys. SourceError."""
        nulls = _comma(self.values(child)[: len(child.columns)])
        some = sql.SQL("pg_catalog.num_nulls({nulls}) > 0 AND pg_catalog.num_nonnulls({nulls}) > 0").format(nulls=nulls)
        rows = await self.keyed(child, sql.SQL("{} AND {}").format(child.rows, some))
        return len(rows), tuple(sorted(key for key, _ in rows if key is not None))

    async def keyed(self, end: ReferenceEnd, condition: sql.Composable) -> list[tuple[str | None, str]]:
        """Return key and value, as text, of those rows of an end that a condition holds for, one more than the limit.

        Of an end that is one partition, only the rows that end up there. Raises SourceError or TargetError.
        """
        values = self.values(end)
        value, routing = text_of(values[: len(end.columns)]), values[len(end.columns) :]
        key = end.table.source_key or sql.SQL("NULL::text")
        query = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY 1 LIMIT {}")
        if not end.bounds:
            endpoint, limit = self.context.sources[end.table.database], sql.Literal(self.limit + 1)
            async with self.context.sessions.session(endpoint) as connection:
                with endpoint.translating_errors(f"can't read {end.table.source.full_name}"):
                    return await run(
                        connection, query.format(_comma([key, value]), end.table.from_clause, condition, limit)
                    )
        name = self._name("rows")
        names = [column.target.name for column in end.routing]
        keys = _key_names(len(end.columns) + len(names))[len(end.columns) :]
        shapes = await self._columns(end.table.target_name, names)
        columns = [
            sql.SQL("{} {}").format(sql.Identifier(k), sql.SQL(s.declared)) for k, s in zip(keys, shapes, strict=True)
        ]
        table = sql.Identifier(name)
        parts = [sql.SQL("key text"), sql.SQL("value text"), *columns]
        await self._run("CREATE TEMP TABLE {table} ({columns})", table=table, columns=_comma(parts))
        all_rows = query.format(_comma([key, value, *routing]), end.table.from_clause, condition, sql.SQL("ALL"))
        await self._pipe(name, ["key", "value", *keys], end, all_rows)
        await self._leave_only(name, end)
        some = sql.SQL("SELECT key, value FROM pg_temp.{} ORDER BY 1 LIMIT {}").format(
            table, sql.Literal(self.limit + 1)
        )
        with self.context.target.translating_errors("can't check the references"):
            rows = [(key, value) for key, value in await self.session.fetch(render_sql(some))]
        await self._run("DROP TABLE pg_temp.{table}", table=table)
        return rows

    async def _without(self, parents: str, child: ReferenceEnd, text: str, limit: int) -> list[Any]:
        """Answer ``text``, a query over ``strays``: the child's distinct values without a parent, and their rows."""
        name = self._name("children")
        count = len(child.columns)
        keys = _key_names(count + len(child.routing))
        names = {"children": sql.Identifier(name), "parents": sql.Identifier(parents)}
        # Of the child's own types, which may be other than its parent's: an integer can point at a bigint. But of the
        # parent's collation, by which it is found.
        all_columns = [column.target.name for column in (*child.columns, *child.routing)]
        mine = await self._columns(child.table.target_name, all_columns)
        shapes = self._shapes[parents]
        columns = _comma(
            sql.SQL("{} {}").format(sql.Identifier(key), sql.SQL(own.type + (own.collation and other.collation)))
            for key, own, other in zip(keys, mine, (*shapes, *mine[count:]), strict=True)
        )
        table = "CREATE TEMP TABLE {children} ({columns}, rows bigint)"
        await self._run(table, children=names["children"], columns=columns)
        groups: list[sql.Composable] = [sql.SQL(str(number)) for number in range(1, len(keys) + 1)]
        # By their texts too, where values that are equal may be written in several ways (1.0 and 1.00): each is named.
        groups += [
            sql.SQL("({})::text").format(value)
            for column, value in zip((*child.columns, *child.routing), self.values(child), strict=True)
            if not _is_written_alike(column.target)
        ]
        query = "SELECT {values}, pg_catalog.count(*) FROM {source} WHERE ({rows}) AND {complete} GROUP BY {groups}"
        await self._fill(name, [*keys, "rows"], child, query, groups=_comma(groups))
        if child.bounds:
            await self._leave_only(name, child)
        parts = {"text": text_of(map(sql.Identifier, keys)), "keys": _listed(keys)}
        equal = [
            sql.SQL("p.{0} OPERATOR({1}.=) c.{0}{2}").format(sql.Identifier(key), sql.SQL(shape.schema), shape.cast)
            for key, shape in zip(keys[:count], shapes, strict=True)
        ]
        unmatched = sql.SQL(
            "WITH strays AS (SELECT * FROM pg_temp.{children} AS c WHERE NOT {matched}) {query} LIMIT {limit}"
        ).format(
            query=sql.SQL(text).format(**parts), limit=sql.Literal(limit), children=names["children"],
            matched=_matched(names["parents"], keys[:count], equal, temporal=parents in self._temporal),
        )  # fmt: skip
        with self.context.target.translating_errors("can't check the references"):
            rows: list[Any] = await self.session.fetch(render_sql(unmatched))
        await self._run("DROP TABLE pg_temp.{children}", children=names["children"])
        return rows

    async def _columns(self, table: str, columns: Sequence[str]) -> list["_Shape"]:
        places = [(table, column) for column in columns]
        if not self._asked.keys() >= set(places):
            await self._ask({*places, *self.foreseen} - self._asked.keys())
        return [self._asked[place] for place in places]

    async def _ask(self, places: Collection[tuple[str, str]]) -> None:
        tables = [table.partition(".") for table, _ in places]
        parameters = [schema for schema, _, _ in tables], [name for _, _, name in tables], [name for _, name in places]
        with self.context.target.translating_errors("can't read the columns of references"):
            rows = await self.session.fetch(queries.load("reference_columns"), *parameters)
        self._asked |= {(f"{schema}.{name}", column): _Shape(*shape) for schema, name, column, *shape in rows}

    async def has_rows(self, table: str) -> bool:
        """Tell whether the target table holds any row."""
        query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(_qualified(table))
        with self.context.target.translating_errors("can't check the references"):
            return bool(await self.session.fetchval(render_sql(query)))

    async def has_row(self, table: str, scope: Scope) -> bool:
        """Tell whether the target table holds a row with these constants; asked once of each."""
        place = Destination(table, scope)
        if place not in self._present:
            query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {})").format(_qualified(table), condition(scope))
            with self.context.target.translating_errors("can't check the references"):
                self._present[place] = bool(await self.session.fetchval(render_sql(query)))
        return self._present[place]

    def values(self, end: ReferenceEnd) -> list[sql.Composable]:
        """Return the expressions of an end's columns, NULL where one can't be converted; last those of its routing."""
        return [self.known[end.table.place].guarded(column) for column in (*end.columns, *end.routing)]

    def text(self, end: ReferenceEnd) -> sql.Composable:
        """Return the expression of an end's value as one text, by which `orphans` names it."""
        return text_of(self.values(end))

    async def _leave_only(self, name: str, end: ReferenceEnd) -> None:
        """Delete the rows of the temporary table ``name`` that don't end up in the end's partition."""
        columns = dict.fromkeys(column.target.name for column in end.routing)
        keys = _key_names(len(end.columns) + len(end.routing))[len(end.columns) :]
        row = _comma(
            sql.SQL("k.{} AS {}").format(sql.Identifier(key), sql.Identifier(column))
            for key, column in zip(keys, columns, strict=True)
        )
        await self._run(
            "DELETE FROM pg_temp.{name} AS k WHERE (SELECT {bounds} FROM (SELECT {row}) AS r) IS NOT TRUE",
            name=sql.Identifier(name), bounds=sql.SQL(end.bounds or "true"), row=row,
        )  # fmt: skip

    def _name(self, what: str) -> str:
        self._made += 1
        return f"{what}_{self._made}"

    async def _run(self, text: str, **names: sql.Composable) -> str:
        with self.context.target.translating_errors("can't prepare the check of references"):
            tag: str = await self.session.execute(render_sql(sql.SQL(text).format(**names)))
        return tag

    async def _fill(self, name: str, columns: list[str], end: ReferenceEnd, text: str, **parts: sql.Composable) -> int:
        """Pipe ``text`` into the temporary table ``name``; return how many rows it had.

        It is over the end's ``{values}``, ``{source}`` and ``{rows}``, of which the ``{complete}`` have no NULL there.
        """
        values = self.values(end)
        parts |= {"complete": complete(values[: len(end.columns)]), "source": end.table.from_clause, "rows": end.rows}
        return await self._pipe(name, columns, end, sql.SQL(text).format(values=sql.SQL(", ").join(values), **parts))

    async def _pipe(self, name: str, columns: list[str], end: ReferenceEnd, query: sql.Composable) -> int:
        source, target = self.context.sources[end.table.database], self.context.target
        as_text = any(column.conversion.text for column in (*end.columns, *end.routing))
        async with self.context.sessions.copy_connection(source) as reader:
            piped = await pipe(
                reader, render_sql(query), self.session, ("pg_temp", name), columns,
                form="text" if as_text else "binary", source=source, target=target, rate=self.context.rate,
            )  # fmt: skip
        return piped.written


def end_of(table: TablePlan, columns: Sequence[str], among: Sequence[str] | None = None) -> ReferenceEnd | None:
    """Return the end that is ``table``'s columns of those target names, or ``None`` where nothing fills one of them."""
    filled = {column.target.name: column for column in table.columns}
    if not all(name in filled for name in columns):
        return None
    return ReferenceEnd(table, tuple(filled[name] for name in columns), among)


def columns_of(references: Iterable[Reference]) -> set[tuple[str, str]]:
    """Return the columns at both ends of references, each by its table's name."""
    ends = [end for r in references for end in ((r.table, r.columns), (r.target_table, r.target_columns))]
    return {(table, column) for table, columns in ends for column in columns}


def _is_written_alike(column: Column) -> bool:
    """Tell whether all values of a column's type that are equal have one text. A text's collation may say otherwise."""
    return column.type.built_in and column.type.name in WRITTEN_ALIKE


def text_of(values: Iterable[sql.Composable]) -> sql.Composable:
    """Return the expression of values as one text: the one's own, or a JSON array of all of them."""
    texts = [sql.SQL("({})::text").format(value) for value in values]
    return texts[0] if len(texts) == 1 else sql.SQL("pg_catalog.jsonb_build_array({})::text").format(_comma(texts))


def complete(values: Iterable[sql.Composable]) -> sql.Composable:
    """Return the condition that none of ``values`` is NULL: a row with a NULL there points at nothing."""
    return sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(value) for value in values)


def _matched(
    parents: sql.Identifier, keys: Sequence[str], equal: Sequence[sql.Composable], *, temporal: bool
) -> sql.Composable:
    """Return the condition that a child ``c`` has a parent; a temporal one, parents ``p`` that cover its period."""
    if not temporal:
        exists = sql.SQL("EXISTS (SELECT FROM pg_temp.{} AS p WHERE {})")
        return exists.format(parents, sql.SQL(" AND ").join(equal))
    meets = sql.SQL("p.{0} OPERATOR(pg_catalog.&&) c.{0}").format(sql.Identifier(keys[-1]))
    covers = sql.SQL(
        "coalesce(c.{0} OPERATOR(pg_catalog.<@)"
        " (SELECT pg_catalog.range_agg(p.{0}) FROM pg_temp.{1} AS p WHERE {2}), false)"
    )
    return covers.format(sql.Identifier(keys[-1]), parents, sql.SQL(" AND ").join([*equal[:-1], meets]))


def _key_names(count: int) -> list[str]:
    return [f"key{number}" for number in range(1, count + 1)]


def _listed(names: Iterable[str]) -> sql.Composable:
    return _comma(map(sql.Identifier, names))


def _comma(parts: Iterable[sql.Composable]) -> sql.Composable:
    return sql.SQL(", ").join(parts)


def _qualified(table: str) -> sql.Identifier:
    schema, _, name = table.partition(".")
    return sql.Identifier(schema, name)
