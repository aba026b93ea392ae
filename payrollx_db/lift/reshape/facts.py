"""What a reshape has to know of one schema of a database: its tables and all that hangs on them, of one snapshot."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Table, read_enums, read_tables
from payrollx_db.postgres.steps import Rows, Statement, Steps

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class Constraint:
    """A constraint; of a foreign key, ``target`` is schema and table, and ``target_columns`` the other end's."""

    table: str
    name: str
    type: str  # p, u, x, c or f
    definition: str
    columns: tuple[str, ...]
    target: tuple[str, str] | None
    target_columns: tuple[str, ...]
    schema: str = ""


@dataclass(frozen=True)
class IndexFacts:
    """An index in what makes two of them the same: ``keys`` are its key columns with class, collation and order."""

    table: str
    name: str
    method: str
    unique: bool
    body: str  # the definition from its method on
    keys: tuple[str, ...]
    columns: tuple[str, ...]  # key columns and included ones, where they are columns
    included: int
    predicate: str
    needed: bool  # a constraint stands on it
    marked: bool
    valid: bool


@dataclass(frozen=True)
class Dependent:
    """Something that stands on one column of a table."""

    table: str
    column: str
    kind: str
    schema: str
    parent: str
    name: str

    def __str__(self) -> str:
        name = ".".join(part for part in (self.parent, self.name) if part)
        return f"{self.kind} {name or self.schema}"


@dataclass(frozen=True)
class SchemaFacts:
    """One schema of a database."""

    schema: str
    tables: Mapping[str, Table]
    enums: tuple[str, ...]
    constraints: Sequence[Constraint]
    indexes: Sequence[IndexFacts]
    sequences: Sequence[tuple[str, str]]  # table, sequence
    names: frozenset[str]
    inherited: Mapping[str, tuple[tuple[str, ...], frozenset[str]]]  # by table: its parents, the columns from them
    dependents: Sequence[Dependent]
    bodies: Mapping[str, str]  # of routines that are texts, by their signature
    defaults: Mapping[tuple[str, str], str]
    reserved: frozenset[str]

    @cached_property
    def foreign_keys(self) -> tuple[Constraint, ...]:
        """The foreign keys that leave tables of this schema, and where they were asked for, those that reach it."""
        return tuple(one for one in self.constraints if one.type == "f")

    def dependents_of(self, table: str, column: str) -> list[Dependent]:
        """Return what stands on a column."""
        return [one for one in self.dependents if (one.table, one.column) == (table, column)]

    def is_inherited(self, table: str, column: str) -> bool:
        """Tell whether a column is a parent's, so that it changes with that alone."""
        return column in self.inherited.get(table, ((), frozenset()))[1]

    def tied(self, table: str, column: str) -> list[tuple[str, str]]:
        """Return the columns whose type is tied to this one's by foreign keys, itself first."""
        ties: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        for key in self.foreign_keys:
            if key.target is None or key.schema != self.schema or key.target[0] != self.schema:
                continue
            for mine, theirs in zip(key.columns, key.target_columns, strict=False):
                ties[key.table, mine].add((key.target[1], theirs))
                ties[key.target[1], theirs].add((key.table, mine))
        found, pending = {(table, column): None}, [(table, column)]
        while pending:
            for other in sorted(ties[pending.pop()]):
                if other not in found:
                    found[other] = None
                    pending.append(other)
        return list(found)


def read_facts(schema: str, *, reached: bool = False, sizes: bool = False) -> Steps[SchemaFacts]:
    """Read one schema. ``reached``: with the foreign keys of other schemas that reach it; ``sizes``: of its tables."""
    named = {"schema": schema}
    tables = yield from read_tables([schema], sizes=sizes)
    enums = yield from read_enums(schema)
    constraints: Rows = yield _query("constraints", {**named, "reached": reached})
    indexes: Rows = yield _query("indexes", named)
    sequences: Rows = yield _query("sequences", named)
    names: Rows = yield _query("names", named)
    inherited: Rows = yield _query("inherited", named)
    dependents: Rows = yield _query("dependents", named)
    bodies: Rows = yield _query("bodies", named)
    defaults: Rows = yield _query("defaults", named)
    reserved: Rows = yield _query("reserved")
    return SchemaFacts(
        schema,
        {table.name: table for table in tables.values()},
        tuple(enums),
        [_constraint(row) for row in constraints],
        [_index(row) for row in indexes],
        [(table, sequence) for table, sequence in sequences],
        frozenset(name for (name,) in names),
        _parents(inherited),
        [Dependent(*row) for row in dependents],
        {name: str(body) for name, body in bodies},
        {(table, column): text for table, column, text in defaults},
        frozenset(word for (word,) in reserved),
    )


def _query(name: str, params: Any = None) -> Statement:
    return Statement(sql.SQL(queries.load(name)), params)


def _constraint(row: tuple[Any, ...]) -> Constraint:
    schema, table, name, kind, definition, columns, target_schema, target, target_columns = row
    end = (target_schema, target) if target else None
    return Constraint(table, name, kind, definition, tuple(columns), end, tuple(target_columns), schema)


def _index(row: tuple[Any, ...]) -> IndexFacts:
    table, name, method, unique, body, keys, columns, *rest = row
    return IndexFacts(table, name, method, unique, body, tuple(keys), tuple(columns or ()), *rest)


def _parents(rows: Rows) -> dict[str, tuple[tuple[str, ...], frozenset[str]]]:
    parents: dict[str, list[str]] = defaultdict(list)
    columns: dict[str, frozenset[str]] = {}
    for table, parent, inherited in rows:
        parents[table].append(parent)
        columns[table] = frozenset(inherited)
    return {table: (tuple(listed), columns[table]) for table, listed in parents.items()}
