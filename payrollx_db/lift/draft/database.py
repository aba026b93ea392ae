"""A database's schemas as a drafted project needs them: all that models can say of tables, in the server's own words.

SQLAlchemy's reflection loses some of it (operator classes of expressions, collations of indexes, what an exclusion
compares by, which sequence a column owns), so it is read from the server's catalog.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from payrollx_db.errors import ConfigurationError, SourceError
from payrollx_db.postgres import connect, query_files
from payrollx_db.postgres.errors import to_error
from payrollx_db.postgres.settings import SOURCE
from payrollx_db.postgres.url import DatabaseUrl

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class Type:
    """A type: ``kind`` is pg_type.typtype, ``element`` what an array is of, ``base`` what a domain is over."""

    oid: int
    schema: str
    name: str
    kind: str
    element: int
    base: int
    modifier: int
    base_written: str
    not_null: bool
    default: str | None
    comment: str | None
    labels: Sequence[str]
    checks: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Column:
    """A column; ``written`` is its type as the server writes it, ``sequence`` the one that it owns."""

    name: str
    type: int
    modifier: int
    written: str
    dimensions: int
    not_null: bool
    default: str | None
    identity: str
    generated: str
    collation: str | None
    collation_schema: str | None
    comment: str | None
    sequence_schema: str | None
    sequence: str | None
    sequence_options: Mapping[str, Any] | None


@dataclass(frozen=True)
class Constraint:
    """A constraint; ``kind`` is pg_constraint.contype."""

    name: str
    kind: str
    deferrable: bool
    deferred: bool
    validated: bool
    definition: str
    expression: str
    no_inherit: bool
    index: int
    on_update: str
    on_delete: str
    match: str
    comment: str | None
    target_schema: str | None
    target: str | None
    columns: Sequence[str]
    target_columns: Sequence[str]
    operators: Sequence[str]


@dataclass(frozen=True)
class Element:
    """What an index is over at one place: a column, or an expression, with all that is said of its order."""

    column: str | None
    expression: str
    collation: str | None
    operators: str | None
    descending: bool
    nulls_first: bool


@dataclass(frozen=True)
class Index:
    """An index, element by element."""

    oid: int
    name: str
    method: str
    unique: bool
    valid: bool
    nulls_not_distinct: bool
    predicate: str | None
    options: Sequence[str]
    comment: str | None
    of_constraint: bool
    included: Sequence[str]
    elements: Sequence[Element]


@dataclass(frozen=True)
class Table:
    """A table with what belongs to it. ``parents`` are those that it inherits from, quoted and qualified."""

    schema: str
    name: str
    kind: str
    partition: bool
    unlogged: bool
    comment: str | None
    partition_by: str | None
    options: Sequence[str]
    parents: Sequence[str]
    columns: Sequence[Column]
    constraints: Sequence[Constraint]
    indexes: Sequence[Index]

    def of_kind(self, kind: str) -> list[Constraint]:
        """Return the constraints of one kind, a letter of pg_constraint.contype."""
        return [constraint for constraint in self.constraints if constraint.kind == kind]

    @property
    def key(self) -> Constraint | None:
        """The primary key, if there is one."""
        return next(iter(self.of_kind("p")), None)


@dataclass(frozen=True)
class LeftBehind:
    """What no migration makes: where something lies, or what is granted to ``role`` (empty: to everybody)."""

    schema: str
    phrase: str
    role: str


@dataclass(frozen=True)
class Database:
    """All that a draft is made of. ``extras`` are by schema what the catalog lists beside tables; ``unsaid`` what
    only the migrations keep; ``needs`` the other schemas that a schema's own objects need.
    """

    name: str
    version: int
    types: Mapping[int, Type]
    tables: Mapping[str, Sequence[Table]]
    extras: Mapping[str, Sequence[str]]
    unsaid: Mapping[str, Sequence[str]]
    extensions: Sequence[tuple[str, str]]
    needs: Mapping[str, frozenset[str]]
    left_behind: Sequence[LeftBehind] = ()


def read(url: DatabaseUrl, schemas: Sequence[str]) -> Database:
    """Read these schemas of the database at ``url``, in one snapshot, changing nothing.

    Raises ConfigurationError where one isn't there, SourceError where the catalog can't be read, and PooledError where
    a pooler stands before the server: what is drafted comes of pg_dump as well.
    """
    try:
        with connect.connect(url, SOURCE, autocommit=False) as connection:
            if connection.pooler:  # whose sessions would keep what pg_dump sets there
                raise connect.pooler_error(url, "the migrations come of pg_dump, which needs a session of its own")
            return _read(_Reader(connection, list(schemas)), url)
    except psycopg.Error as error:
        raise to_error(error, f"can't read the catalog of {url.masked}", url, SourceError) from None


class _Reader:
    """Runs this room's queries for some schemas."""

    def __init__(self, connection: psycopg.Connection[Any], schemas: list[str]) -> None:
        self.connection = connection
        self.schemas = schemas
        self.tables: list[int] = []

    def rows(self, name: str, *, load: LiteralString | None = None, **parameters: Any) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        given = {"schemas": self.schemas, "tables": self.tables, **parameters}
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(load or queries.load(name), given).fetchall()

    def by_table(self, name: str) -> dict[int, list[dict[str, Any]]]:
        """Return the rows of a query by the tables that they say."""
        grouped: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in self.rows(name):
            grouped[row.pop("table")].append(row)
        return grouped


def _read(reader: _Reader, url: DatabaseUrl) -> Database:
    _refuse_missing(reader, url)
    relations = reader.rows("relations")
    reader.tables = [row["oid"] for row in relations]
    columns, constraints, indexes = map(reader.by_table, ("columns", "constraints", "indexes"))
    tables: dict[str, list[Table]] = {schema: [] for schema in reader.schemas}
    for row in relations:
        oid = row.pop("oid")
        table = Table(
            **row,
            columns=[Column(**column) for column in columns[oid]],
            constraints=[Constraint(**constraint) for constraint in constraints[oid]],
            indexes=[_index(index) for index in indexes[oid]],
        )
        if not table.partition:
            tables[table.schema].append(table)
    return Database(
        url.dbname,
        reader.connection.info.server_version,
        {row["oid"]: Type(**row) for row in reader.rows("types")},
        tables,
        _extras(reader),
        _grouped(reader.rows("storage"), "schema", "phrase"),
        [(row["name"], row["schema"]) for row in reader.rows("extensions")],
        {
            schema: frozenset(needed)
            for schema, needed in _grouped(reader.rows("dependencies"), "needs", "needed").items()
        },
        [LeftBehind(**row) for row in reader.rows("left_behind")],
    )


def _refuse_missing(reader: _Reader, url: DatabaseUrl) -> None:
    there = reader.connection.execute("SELECT nspname FROM pg_catalog.pg_namespace").fetchall()
    names = {name for (name,) in there}
    if missing := [schema for schema in reader.schemas if schema not in names]:
        others = ", ".join(
            sorted(name for name in names if not name.startswith("pg_") and name != "information_schema")
        )
        raise ConfigurationError(
            f"{url.masked} has no schema {', '.join(map(repr, missing))}", hint=f"it has {others or 'none'}"
        )


def _extras(reader: _Reader) -> dict[str, list[str]]:
    """Return by schema what ``migrate --check`` would name beside tables, for the catalog to list."""
    from payrollx_db.schema import extras

    found: dict[str, list[str]] = {}
    for schema in reader.schemas:
        rows = reader.rows("", load=extras.queries.load("extras"), schemas=[schema], marks="[]")
        found[schema] = [row["extra"] for row in rows]
    return found


def _grouped(rows: Sequence[Mapping[str, Any]], key: str, value: str) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        grouped[row[key]].append(row[value])
    return grouped


def _index(row: dict[str, Any]) -> Index:
    elements = [Element(**element) for element in row.pop("elements")]
    return Index(**row, elements=elements)
