"""A service's tables in their legacy shape, as SQL: old names and types, with keys and indexes as Prisma calls them.

Pure: what the columns are, the layout says; what holds them together, the unified tables do.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from payrollx_db.model.layout import LegacyDatabase, TableMap, snake_case
from payrollx_db.postgres.column_types import ColumnType
from payrollx_db.postgres.introspect import Database, ForeignKey, Table

ENUM = "e"
LONGEST = 63  # bytes of a name in Postgres
DELETES = re.compile(r" ON DELETE (CASCADE|RESTRICT|SET NULL|SET DEFAULT|NO ACTION)")
# Defaults that mean the same in any shape: texts, numbers, truth, and the time.
TEXT_DEFAULT = re.compile(r"'((?:[^']|'')*)'::(?:text|character varying|jsonb)")
PLAIN_DEFAULT = re.compile(r"-?\d+(?:\.\d+)?|true|false")
NOW = ("now()", "CURRENT_TIMESTAMP")


@dataclass(frozen=True)
class LegacyShape:
    """The legacy tables of one service. ``defaults`` are the unified columns' defaults, by ``schema.table.column``."""

    legacy: LegacyDatabase
    target: Database
    defaults: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The tables that it has, by their bare names."""
        return tuple(dict.fromkeys(known.source.name for known in self.legacy.maps))

    def type_names(self) -> Iterator[sql.Composable]:
        """Yield the names of the enum types that the columns have."""
        yield from map(self._place, self._enums())

    def types(self) -> Iterator[sql.Composed]:
        """Yield what makes these types."""
        for name, kind in self._enums().items():
            labels = sql.SQL(", ").join(map(sql.Literal, kind.labels))
            yield sql.SQL("CREATE TYPE {} AS ENUM ({})").format(self._place(name), labels)

    def tables(self) -> Iterator[sql.Composed]:
        """Yield what makes the tables, with their primary keys."""
        for known in self._firsts():
            columns = [self._column(known, name, shape) for name, shape in known.source.columns.items()]
            parts = sql.SQL(", ").join((*columns, *self._primary_key(known)))
            yield sql.SQL("CREATE TABLE {} ({})").format(self._place(known.source.name), parts)

    def constraints(self) -> Iterator[sql.Composed]:
        """Yield what makes indexes and uniques, foreign keys last."""
        for known in self._firsts():
            yield from self._indexes(known, self._table(known))
        for known in self._firsts():
            for key in self.target.keys_of(known.target):
                yield from self._foreign_key(known, key)

    # -- private -----------------------------------------------------------------------------------------

    def _firsts(self) -> Iterator[TableMap]:
        """Yield the first map of each legacy table: of several, that one's target has its key."""
        firsts: dict[str, TableMap] = {}
        for known in self.legacy.maps:
            firsts.setdefault(known.source.name, known)
        yield from firsts.values()

    def _enums(self) -> dict[str, ColumnType]:
        enums: dict[str, ColumnType] = {}
        for known in self._firsts():
            for name, shape in known.source.columns.items():
                if kind := self._enum(known, name):
                    enums.setdefault(_bare(shape), kind)
        return enums

    def _table(self, known: TableMap) -> Table:
        return self.target.tables[known.target]

    def _old_names(self, known: TableMap) -> dict[str, str]:
        """Return the legacy names of the unified table's columns."""
        target = self._table(known)
        names: dict[str, str] = {}
        for old in known.source.columns:
            new = known.rename.get(old, old if target.column(old) else snake_case(old))
            names.setdefault(new, old)
        return names

    def _column(self, known: TableMap, name: str, shape: str) -> sql.Composed:
        kind: sql.Composable = sql.SQL(shape.removesuffix("?"))  # the layout is code, not data
        if self._enum(known, name) is not None:
            kind = self._place(_bare(shape)) + sql.SQL("[]" if shape.removesuffix("?").endswith("[]") else "")
        null = sql.SQL("" if shape.endswith("?") else " NOT NULL")
        return sql.SQL("{} {}{}{}").format(sql.Identifier(name), kind, null, self._default(known, name))

    def _default(self, known: TableMap, name: str) -> sql.Composable:
        if name in self.legacy.undefaulted:
            return sql.SQL("")
        new = next((new for new, old in self._old_names(known).items() if old == name), "")
        default = self.defaults.get(f"{known.target}.{new}", "")
        if text := TEXT_DEFAULT.fullmatch(default):
            return sql.SQL(" DEFAULT {}").format(sql.Literal(text[1].replace("''", "'")))
        if default in NOW:
            return sql.SQL(" DEFAULT CURRENT_TIMESTAMP")
        return sql.SQL(f" DEFAULT {default}") if PLAIN_DEFAULT.fullmatch(default) else sql.SQL("")

    def _enum(self, known: TableMap, name: str) -> ColumnType | None:
        """Return the unified enum type that a column's labels are those of, where it has one."""
        new = next((new for new, old in self._old_names(known).items() if old == name), "")
        column = self._table(known).column(new)
        if column is None:
            return None
        kind = column.type.element or column.type
        return kind if kind.kind == ENUM else None

    def _primary_key(self, known: TableMap) -> Iterator[sql.Composed]:
        names = self._old_names(known)
        key = [column for column in self._table(known).primary_key if column not in known.scope]
        if key and all(column in names for column in key):
            name, listed = prisma_name(known.source.name, (), "pkey"), (sql.Identifier(names[column]) for column in key)
            template = sql.SQL("CONSTRAINT {} PRIMARY KEY ({})")
            yield template.format(sql.Identifier(name), sql.SQL(", ").join(listed))

    def _indexes(self, known: TableMap, target: Table) -> Iterator[sql.Composed]:
        names, own = self._old_names(known), known.source.indexes
        for index in target.indexes:
            varying = [column for column in index.columns if column not in known.scope]
            columns = [names[column] for column in varying if column in names]
            if index.primary or not index.plain or not columns or len(columns) != len(varying):
                continue
            if index.unique or own is None:
                yield self._index(known.source.name, columns, unique=index.unique)
        for listed in own or ():
            yield self._index(known.source.name, listed)

    def _index(self, table: str, columns: Sequence[str], *, unique: bool = False) -> sql.Composed:
        return sql.SQL("CREATE {kind} {name} ON {table} ({columns})").format(
            kind=sql.SQL("UNIQUE INDEX" if unique else "INDEX"),
            name=sql.Identifier(prisma_name(table, columns, "key" if unique else "idx")),
            table=self._place(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        )

    def _foreign_key(self, known: TableMap, key: ForeignKey) -> Iterator[sql.Composed]:
        parent = next((other for other in self._firsts() if other.target == key.target), None)
        if parent is None:
            return
        names, parents = self._old_names(known), self._old_names(parent)
        pairs = [
            (here, there)
            for here, there in zip(key.columns, key.target_columns, strict=True)
            if not (here in known.scope and known.scope[here] == parent.scope.get(there))
        ]
        if not pairs or not all(here in names and there in parents for here, there in pairs):
            return
        old = [names[here] for here, _ in pairs]
        found = DELETES.search(key.definition)
        yield sql.SQL(
            "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {} ON UPDATE CASCADE"
        ).format(
            self._place(known.source.name), sql.Identifier(prisma_name(known.source.name, old, "fkey")),
            sql.SQL(", ").join(map(sql.Identifier, old)), self._place(parent.source.name),
            sql.SQL(", ").join(sql.Identifier(parents[there]) for _, there in pairs),
            sql.SQL(found[1] if found else "NO ACTION"),
        )  # fmt: skip

    def _place(self, name: str) -> sql.Composable:
        return sql.Identifier(self.legacy.schema, name)


def prisma_name(table: str, columns: Sequence[str], kind: str) -> str:
    """Return what Prisma calls an index or a key, cut where Postgres would cut it, but with its ending."""
    name = "_".join((table, *columns)).encode()[: LONGEST - len(kind) - 1]
    return f"{name.decode(errors='ignore')}_{kind}"


def _bare(shape: str) -> str:
    return shape.removesuffix("?").removesuffix("[]")
