"""A database's catalog (pg_catalog) as frozen dataclasses: what there is, before anything is decided."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, LiteralString

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.column_types import ColumnType, ColumnTypes
from payrollx_db.postgres.session import Connection, Endpoint
from payrollx_db.postgres.session_pool import SessionPool
from payrollx_db.postgres.steps import Rows, Statement, Steps, perform_async

queries = query_files.beside(__name__)

SIMPLE = ("b", "e")  # pg_type.typtype: base types, arrays among them, and enums


@dataclass(frozen=True)
class Column:
    """A column; ``sequence`` is the qualified, quoted name of the sequence that it owns, if any.

    ``unproven`` is one that is NOT NULL for rows to come alone: those that are there may have none.
    """

    name: str
    type: ColumnType
    nullable: bool
    has_default: bool
    generated: bool
    always_identity: bool
    sequence: str | None
    unproven: bool = False

    @property
    def may_be_null(self) -> bool:
        """Whether a row that is there may have no value."""
        return self.nullable or self.unproven

    @property
    def shape(self) -> str:
        """The type as a layout writes it, with ``?`` where the column is nullable."""
        return self.type.display + ("?" if self.nullable else "")

    def is_shape(self, text: str) -> bool:
        """Tell whether a layout's ``text`` means this column's type, and that it is nullable or not."""
        return text.endswith("?") == self.nullable and self.type.is_written(text.removesuffix("?"))


@dataclass(frozen=True, slots=True)
class Index:
    """An index, with the primary key, unique or exclusion constraint that it carries (or neither)."""

    name: str
    definition: str
    unique: bool
    primary: bool
    valid: bool
    plain: bool  # over columns only, and over all rows
    columns: tuple[str, ...]
    constraint: str | None
    constraint_type: str  # p, u, x, or empty
    constraint_definition: str | None
    marked: bool  # is the replica identity, or the order of CLUSTER
    # What its definition doesn't say; known of those only that are to be restored.
    comment: str | None = None
    constraint_comment: str | None = None
    tablespace: str = ""  # empty: the database's own


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key from ``table`` to ``target`` (both ``schema.table``)."""

    table: str
    name: str
    definition: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    validated: bool
    period: bool = False  # its last columns are periods: the child's has to be covered by the parents'
    # Known of those only that are to be restored.
    comment: str | None = None
    parent: str = ""  # the table that holds the partition which it points at; empty: ``target`` itself


@dataclass(frozen=True)
class Table:
    """A table as it is. ``rows`` is the server's estimate, ``size`` bytes with TOAST, without indexes."""

    oid: int
    schema: str
    name: str
    kind: str  # pg_class.relkind: r, p or f
    rows: int
    size: int
    pages: int
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...]

    @property
    def full_name(self) -> str:
        """``schema.table``, unquoted: for people and as a key."""
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        """The qualified name, quoted."""
        return sql.Identifier(self.schema, self.name)

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The primary key's columns; empty where there is none."""
        return next((index.columns for index in self.indexes if index.primary), ())

    def column(self, name: str) -> Column | None:
        """Return the column of that name, or ``None``."""
        return next((column for column in self.columns if column.name == name), None)

    def unique_over(self, columns: Iterable[str]) -> bool:
        """Tell whether a valid unique index covers exactly these columns, in any order."""
        covered = set(columns)
        return any(i.unique and i.valid and i.plain and set(i.columns) == covered for i in self.indexes)


@dataclass(frozen=True)
class Leftover:
    """Data that belongs to no table: a sequence of its own, in ``schema``, or large objects, which are in none."""

    kind: str
    name: str
    count: int
    schema: str = ""


@dataclass(frozen=True)
class Money:
    """How a database reads and writes money, which it keeps as a number of the smallest coins."""

    locale: str  # lc_monetary
    digits: int  # behind the decimal point


@dataclass(frozen=True)
class Database:
    """One database as it is, and who it is: ``system`` is the server's system identifier.

    ``pooler`` is where a pooler stands before it, empty where none does.
    """

    name: str  # what we call it
    system: str
    dbname: str
    version: int
    version_text: str
    encoding: str
    standby: bool
    tables: dict[str, Table]
    foreign_keys: tuple[ForeignKey, ...]
    leftovers: tuple[Leftover, ...]
    money: Money = Money("C", 2)
    pooler: str = ""

    def keys_of(self, table: str) -> tuple[ForeignKey, ...]:
        """Return the foreign keys of a table (``schema.table``)."""
        return tuple(self._keys_by_table.get(table, ()))

    @cached_property
    def _keys_by_table(self) -> dict[str, list[ForeignKey]]:
        keys: dict[str, list[ForeignKey]] = defaultdict(list)
        for key in self.foreign_keys:
            keys[key.table].append(key)
        return keys

    @property
    def identity(self) -> tuple[str, str]:
        """What tells it from every other database, whatever URL leads to it."""
        return (self.system, self.dbname)


def different_money(one: Money, other: Money) -> str:
    """Return how two databases' money differs, so that one number is two amounts; empty where it doesn't."""
    if one.digits == other.digits:
        return ""
    return f"money of {one.locale} has {one.digits} digits behind the point, and that of {other.locale} {other.digits}"


class KnownCatalogs:
    """Catalogs that one process has read, each with its snapshot. Two snapshots that are alike see the same catalog.

    So nothing of it was changed, or of any other database of that server, as long as the snapshot stays as it was.
    """

    def __init__(self) -> None:
        self._known: dict[Endpoint, tuple[str, Database]] = {}

    async def read(self, connection: Connection, endpoint: Endpoint, steps: Steps[Database]) -> Database:
        """Return the catalog as the current transaction, of one snapshot, sees it: read by ``steps`` where it must."""
        cursor = await connection.execute("SELECT pg_catalog.pg_current_snapshot()::text")
        ((snapshot,),) = await cursor.fetchall()
        seen, database = self._known.get(endpoint, ("", None))
        if database is None or seen != snapshot:
            database = await perform_async(connection, steps)
            self._known[endpoint] = (snapshot, database)
        return database


async def inspect(sessions: SessionPool, endpoint: Endpoint, known: KnownCatalogs | None = None) -> Database:
    """Read the whole catalog of ``endpoint``. Raises SourceError or TargetError where it can't.

    Tables' sizes are read of a source only: asking for a size waits for a table that is being written anew. What is
    ``known`` isn't read again where nothing can have changed it.
    """
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read the catalog"):
            steps = read_catalog(endpoint.name, endpoint.schemas, sizes=endpoint.side == "source")
            async with one_snapshot(connection):
                reading = known.read(connection, endpoint, steps) if known else perform_async(connection, steps)
                database = await reading
            return replace(database, pooler=connection.pooler)


async def read_database(
    connection: Connection, name: str, schemas: Sequence[str] | None = None, *, sizes: bool = False
) -> Database:
    """Read the catalog over an open session, in one snapshot; with ``schemas``, only the tables of these."""
    async with one_snapshot(connection):
        database = await perform_async(connection, read_catalog(name, schemas, sizes=sizes))
    return replace(database, pooler=connection.pooler)


@asynccontextmanager
async def one_snapshot(connection: Connection) -> AsyncIterator[None]:
    """Open a transaction that only reads, all of it under one snapshot."""
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def read_catalog(name: str, schemas: Sequence[str] | None = None, *, sizes: bool) -> Steps[Database]:
    """Read the catalog, in the current transaction; ``name`` is what the database is called.

    With ``schemas``, only the tables of these.
    """
    ((system, dbname, version, version_text, encoding, standby, *money),) = yield _query("database")
    tables = yield from read_tables(schemas, sizes=sizes)
    key_rows: Rows = yield _query("foreign_keys", {"tables": [table.oid for table in tables.values()]})
    leftovers: Rows = yield _query("leftovers")
    return Database(
        name, system, dbname, version, version_text, encoding, standby, tables,
        tuple(_foreign_key(row) for row in key_rows), tuple(Leftover(*row) for row in leftovers), Money(*money),
    )  # fmt: skip


def read_tables(schemas: Sequence[str] | None = None, *, sizes: bool = False) -> Steps[dict[str, Table]]:
    """Read the tables of these schemas (default: all but the system's), by ``schema.table``."""
    rows = yield _query("tables", {"sizes": sizes, "schemas": None if schemas is None else list(schemas)})
    oids = {"tables": [row[0] for row in rows]}
    columns: dict[int, list[Column]] = defaultdict(list)
    indexes: dict[int, list[Index]] = defaultdict(list)
    types = yield from _read_types(oids)
    known: dict[tuple[Any, ...], Column] = {}  # thousands of tables have the same few columns, each of which is one
    for oid, *rest in (yield _query("columns", oids)):
        row = tuple(rest)
        if row not in known:
            known[row] = _column(row, types)
        columns[oid].append(known[row])
    for oid, *rest in (yield _query("indexes", oids)):
        indexes[oid].append(_index(rest))
    tables = [
        Table(oid, schema, name, kind, estimate, size, pages, tuple(columns[oid]), tuple(indexes[oid]))
        for oid, schema, name, kind, estimate, size, pages in rows
    ]
    return {table.full_name: table for table in tables}


def read_enums(schema: str) -> Steps[dict[str, tuple[str, ...]]]:
    """Read the enum types of a schema, with their labels in their order."""
    rows = yield _query("enums", {"schema": schema})
    return {name: tuple(labels) for name, labels in rows}


def database_query() -> LiteralString:
    """Return the query of one row: system identifier, database name, version, its text, encoding, whether standby."""
    return queries.load("database")


def _read_types(tables: dict[str, list[int]]) -> Steps[ColumnTypes]:
    """Read the types of these tables' columns, with all that they are made of where any is made of others."""
    simple = yield _query("simple_types", tables)
    if all(row[5] in SIMPLE for row in simple):
        return ColumnTypes.of(simple)
    return ColumnTypes.of((yield _query("types", tables)))


def _query(name: str, params: Any = None) -> Statement:
    return Statement(sql.SQL(queries.load(name)), params)


def _column(row: tuple[Any, ...], types: ColumnTypes) -> Column:
    name, oid, modifier, nullable, has_default, generated, identity, sequence, unproven = row
    kind = types.get(oid, modifier)
    demanded = not nullable or kind.not_null
    return Column(name, kind, not demanded, has_default, generated, identity == "a", sequence, unproven)


def _index(row: list[Any]) -> Index:
    name, definition, unique, primary, valid, plain, columns, *rest = row
    return Index(name, definition, unique, primary, valid, plain, tuple(columns or ()), *rest)


def _foreign_key(row: tuple[Any, ...]) -> ForeignKey:
    _, schema, table, name, definition, columns, target_schema, target, target_columns, validated, period = row
    return ForeignKey(
        f"{schema}.{table}", name, definition, tuple(columns),
        f"{target_schema}.{target}", tuple(target_columns), validated, period,
    )  # fmt: skip
