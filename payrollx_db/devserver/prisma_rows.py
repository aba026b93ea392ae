"""Invented rows for the tables of a layout, computed by the server from each row's number and a seed.

What a column holds follows from its type, from the references that the catalog knows, and from its uniques. A row that
is pointed at has a key that anybody can compute, so that databases fit together without reading each other.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from psycopg import sql
from sqlalchemy import UniqueConstraint

from payrollx_db.model.catalog import Catalog, Reference
from payrollx_db.model.layout import Layout, TableMap, snake_case

# Rows for each of the asked number: of a table that points at nobody, and of each further step away from it.
FEW, OWN, FURTHER = 0.05, 1.0, 2.0
LEAST = 3
NULL_AT, NULL_OF = 4, 5  # of five rows the last has NULL where it may
ABSENT_AT, ABSENT_OF = 3, 7  # the same of references, at other rows
KEY = "id"

BY_TYPE = {
    "timestamp(3)": "(timestamp '2024-01-01 08:00:00.007' + {n} * interval '67 minutes 13 milliseconds')",
    "date": "(date '2024-01-01' + ({n})::integer)",
    "boolean": "({n} % 2 = 0)",
    "double precision": "(pg_temp.pick({n}, {salt}, 10000000)::numeric / 100)::double precision",
    "jsonb": "pg_catalog.jsonb_build_object('number', {n}, 'place', 'Zürich')",
    "text[]": "ARRAY['first ' || {n} % 5, 'Ωmega']",
    "jsonb[]": "ARRAY[pg_catalog.jsonb_build_object('step', {n} % 7), '[]'::jsonb]",
}


@dataclass(frozen=True)
class RowMaker:
    """Makes rows for the tables of ``layout``, whose references and uniques ``catalog`` knows.

    ``values`` are what columns with fixed values hold, by ``schema.table.column`` of the unified database or by a
    column's bare name; ``per_user`` is how many rows a table has for each user, by its unified name (a negative whole
    number: so many in all). The keys of services in ``uuids`` are UUIDs as text, the others' are cuids.
    """

    catalog: Catalog
    layout: Layout
    size: int
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    per_user: Mapping[str, float] = field(default_factory=dict)
    uuids: frozenset[str] = frozenset()

    @cached_property
    def maps(self) -> Mapping[str, TableMap]:
        """The table maps by the unified table's name."""
        return {known.target: known for legacy in self.layout.databases for known in legacy.maps}

    def statements(self, targets: Iterable[str]) -> Iterator[sql.Composed]:
        """Yield what fills these tables, parents first."""
        for target in self._parents_first(targets):
            table = self.maps[target].source
            names = sql.SQL(", ").join(map(sql.Identifier, table.columns))
            row = sql.SQL(", ").join(self.value(target, name, sql.SQL("g.n")) for name in table.columns)
            last = self.count(target) - 1
            yield sql.SQL("INSERT INTO {} ({}) SELECT {} FROM pg_catalog.generate_series(0, {}) AS g (n)").format(
                sql.Identifier("public", table.name), names, row, sql.Literal(last)
            )

    def count(self, target: str) -> int:
        """Return how many rows a table has."""
        wanted = self.per_user.get(target, self._usual(target))
        rows = int(-wanted) if wanted < 0 else max(LEAST, math.ceil(self.size * wanted))
        for name in self._uniques(target):
            if reference := self._reference(target, name):
                rows = min(rows, self.count(reference.target_table))
            elif fixed := self._fixed(target, name):
                rows = min(rows, len(fixed))
        return rows

    def value(self, target: str, column: str, number: sql.Composable) -> sql.Composable:
        """Return what a source column holds in the row with that number."""
        shape = self.maps[target].source.columns[column]
        if column == KEY:
            return self._key(target, number)
        if reference := self._reference(target, column):
            return self._pointing(target, column, reference, number)
        return self._nullable(shape, self._plain(target, column, shape.removesuffix("?"), number), number)

    # -- private -----------------------------------------------------------------------------------------

    def _key(self, target: str, number: sql.Composable) -> sql.Composable:
        kind = "uuid" if self.catalog.owner(target).name in self.uuids else "cuid"
        return sql.SQL("pg_temp.{}({}, {})").format(sql.Identifier(kind), sql.Literal(target), number)

    def _pointing(self, target: str, column: str, reference: Reference, number: sql.Composable) -> sql.Composable:
        parent = reference.target_table
        own = {self._name(parent, known): known for known in self.maps[parent].source.columns}
        value = self.value(parent, own[reference.target_columns[0]], self._parent_number(target, column, number))
        optional = self.maps[target].source.columns[column].endswith("?")
        template = "CASE WHEN {n} % {of} = {at} THEN NULL ELSE {value} END" if optional else "{value}"
        return sql.SQL(template).format(n=number, of=sql.Literal(ABSENT_OF), at=sql.Literal(ABSENT_AT), value=value)

    def _parent_number(self, target: str, column: str, number: sql.Composable) -> sql.Composable:
        """Return the parent's number: the first reference walks through its parents, and the others lag behind it.

        So no pair of two parents comes twice, as long as there are pairs.
        """
        pointing = [name for name in self.maps[target].source.columns if self._reference(target, name)]
        counts = {name: self.count(self._pointed(target, name)) for name in (pointing[0], column)}
        if column == pointing[0] or column in self._uniques(target):
            return sql.SQL("({} % {})").format(number, sql.Literal(counts[column]))
        return sql.SQL("(({n} / {first} + {n} % {first} * 7 + {place}) % {own})").format(
            n=number, first=sql.Literal(counts[pointing[0]]), place=sql.Literal(pointing.index(column)),
            own=sql.Literal(counts[column]),
        )  # fmt: skip

    def _plain(self, target: str, column: str, kind: str, number: sql.Composable) -> sql.Composable:
        if fixed := self._fixed(target, column):
            chosen = sql.SQL(", ").join(map(sql.Literal, fixed))
            cast = sql.SQL("") if kind == "text" else sql.SQL("::public.{}").format(sql.Identifier(kind))
            template = "((ARRAY[{}])[1 + ({} % {})::integer]){}"
            return sql.SQL(template).format(chosen, number, sql.Literal(len(fixed)), cast)
        salt = sql.Literal(len(column) + len(target))
        if known := BY_TYPE.get(kind):
            return sql.SQL(known).format(n=number, salt=salt)
        if kind == "integer":
            plain = "({n} + 1)" if self._in_unique(target, column) else "pg_temp.pick({n}, {salt}, 1000)"
            return sql.SQL(f"{plain}::integer").format(n=number, salt=salt)
        if kind.startswith("numeric"):
            digits, scale = map(int, kind.removeprefix("numeric(").removesuffix(")").split(","))
            most, unit = sql.Literal(10 ** min(digits - 1, 15)), sql.Literal(10**scale)
            return sql.SQL("pg_temp.pick({n}, {salt}, {most})::numeric / {unit}").format(
                n=number, salt=salt, most=most, unit=unit
            )
        return self._text(column, number)

    def _text(self, column: str, number: sql.Composable) -> sql.Composable:
        if "email" in column.lower():
            return sql.SQL("'person' || {} || '@example.org'").format(number)
        words = sql.Literal(snake_case(column).replace("_", " "))
        return sql.SQL("{} || ' ' || {} || (ARRAY['', ' à Genève', ' 東京'])[1 + ({} % 3)::integer]").format(
            words, number, number
        )

    def _nullable(self, shape: str, value: sql.Composable, number: sql.Composable) -> sql.Composable:
        if not shape.endswith("?"):
            return value
        return sql.SQL("CASE WHEN {} % {} <> {} THEN {} END").format(
            number, sql.Literal(NULL_OF), sql.Literal(NULL_AT), value
        )

    def _usual(self, target: str) -> float:
        """Return how many rows for each user a table has that nobody has said it of."""
        pointed = [self._pointed(target, name) for name in self.maps[target].source.columns
                   if self._reference(target, name)]  # fmt: skip
        inside = [other for other in pointed if other.partition(".")[0] == target.partition(".")[0] and other != target]
        if not pointed:
            return FEW
        return FURTHER if inside else OWN

    def _fixed(self, target: str, column: str) -> tuple[str, ...]:
        name = self._name(target, column)
        return self.values.get(f"{target}.{name}") or self.values.get(name, ())

    def _name(self, target: str, column: str) -> str:
        return self.maps[target].rename.get(column, snake_case(column))

    def _reference(self, target: str, column: str) -> Reference | None:
        return self._references.get((target, self._name(target, column)))

    def _pointed(self, target: str, column: str) -> str:
        reference = self._reference(target, column)
        return reference.target_table if reference else target

    @cached_property
    def _references(self) -> Mapping[tuple[str, str], Reference]:
        return {(known.table, known.columns[0]): known for known in self.catalog.references if len(known.columns) == 1}

    def _uniques(self, target: str) -> list[str]:
        """Return the source columns that are unique by themselves."""
        table = self.catalog.models.tables[target]
        single = {
            constraint.columns[0].name
            for constraint in table.constraints
            if isinstance(constraint, UniqueConstraint) and len(constraint.columns) == 1
        }
        return [name for name in self.maps[target].source.columns if self._name(target, name) in single]

    def _in_unique(self, target: str, column: str) -> bool:
        """Tell whether a source column is unique, by itself or with others."""
        constraints = self.catalog.models.tables[target].constraints
        name = self._name(target, column)
        return any(isinstance(known, UniqueConstraint) and name in known.columns for known in constraints)

    def _parents_first(self, targets: Iterable[str]) -> list[str]:
        wanted = list(targets)
        order: dict[str, None] = {}

        def add(target: str) -> None:
            if target in order or target not in wanted:
                return
            for name in self.maps[target].source.columns:
                if (
                    (reference := self._reference(target, name))
                    and reference.enforced
                    and reference.table != reference.target_table
                ):
                    add(reference.target_table)
            order[target] = None

        for target in wanted:
            add(target)
        return list(order)
