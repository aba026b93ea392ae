"""Where the rows of one source table go: which target column is filled by what, and the SQL that says so."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.plan import conversion as rules
from payrollx_db.consolidate.plan.conversion.canonical import has_text
from payrollx_db.consolidate.plan.destination import Destination, Scope, condition
from payrollx_db.consolidate.plan.pasting import Line
from payrollx_db.postgres.copy_pipe import CopyFormat
from payrollx_db.postgres.introspect import Column, Index, Table
from payrollx_db.postgres.sides import Form

ROW = "s"  # what a source row is called in all our SQL
BYTES = "pg_catalog.convert_to({}::text, pg_catalog.getdatabaseencoding()) AS {}"


@dataclass(frozen=True)
class Mismatch:
    """Something that the layout and the databases disagree about; it stops the plan (law 2).

    ``code`` is one of unmapped, missing, type, unfilled, no-rule, ambiguous, leftover, not-unique. ``lines`` are the
    ways to account for it in the layout.
    """

    code: str
    place: str
    message: str
    lines: tuple[Line, ...] = ()

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        lines = [{"where": line.where, "line": line.text} for line in self.lines]
        return {"code": self.code, "place": self.place, "message": self.message, "paste": lines}


@dataclass(frozen=True)
class ColumnPlan:
    """How one target column is filled: from which source columns, by which rule and expression."""

    target: Column
    sources: tuple[str, ...]
    conversion: rules.Conversion
    nullable: bool = True  # whether its values may be NULL

    @property
    def target_canonical(self) -> sql.Composable:
        """The same of the target's stored value."""
        return rules.canonical(sql.Identifier(ROW, self.target.name), self.target.type)


@dataclass(frozen=True)
class TablePlan:
    """One source table and where its rows go.

    With ``owner`` unset, its rows are copied. With ``owner`` set, the table is a duplicate of that
    legacy database's: its rows are compared with what the owner's rows became, and merged.

    Policies make exceptions, by the source's own key as text: rows that stay ``out`` (quarantined), those of
    them that are ``unsent`` because a text in them can't leave its server as a text,
    columns that are ``nulled`` in some rows, and rows of a duplicate table that are ``imported``.

    With a ``scope``, the rows of the target that have its constants are this table's, and no others: each look at the
    target is limited to them.
    """

    database: str
    source: Table
    target: Table
    columns: tuple[ColumnPlan, ...]
    from_clause: sql.Composable
    owner: str | None = None
    slices: int = 1
    small: bool = False  # its target keeps its indexes, and it is copied with others in one transaction
    out: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()
    nulled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    imported: tuple[str, ...] = ()
    lookups: Mapping[str, Table] = field(default_factory=dict)  # by alias
    lookup_on: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by alias, its columns to those of a row
    without_rule: Mapping[str, str] = field(default_factory=dict)  # source columns by the target's, which no rule fills
    scope: Scope = ()

    @property
    def text(self) -> str:
        """Why the rows go over as text and not in binary form: which column can't; empty where all can."""
        reasons = (f"{c.target.name}: {c.conversion.text}" for c in self.columns if c.conversion.text)
        return "; ".join(reasons)

    @property
    def form(self) -> CopyFormat:
        """The format in which COPY sends and reads the rows."""
        return "text" if self.text else "binary"

    @property
    def source_name(self) -> str:
        """``database.schema.table``."""
        return f"{self.database}.{self.source.full_name}"

    @property
    def target_name(self) -> str:
        """``schema.table``."""
        return self.target.full_name

    @property
    def place(self) -> tuple[str, str]:
        """Source and target: what identifies this entry within a plan."""
        return (self.source_name, self.target_name)

    @cached_property
    def destination(self) -> Destination:
        """The rows of the target that are this table's."""
        return Destination(self.target.full_name, self.scope)

    @property
    def in_scope(self) -> sql.Composable:
        """The condition that a row of the target, under the same alias as the source's, is in the scope."""
        return condition(self.scope, ROW)

    @cached_property
    def key(self) -> tuple[ColumnPlan, ...]:
        """The columns that identify a row in the target: its primary key, else all columns."""
        named = {column.target.name: column for column in self.columns}
        key = tuple(named[name] for name in self.target.primary_key if name in named)
        return key if key and len(key) == len(self.target.primary_key) else self.columns

    @property
    def from_source(self) -> sql.Composable:
        """The source table alone as a FROM item, without what its map looks up."""
        return from_item(self.source)

    @property
    def target_from(self) -> sql.Composable:
        """The target table as a FROM item, under the same alias as the source's row."""
        return from_item(self.target)

    @property
    def source_key(self) -> sql.Composable | None:
        """The source row's own primary key as one text, which names it in quarantine; ``None`` without one."""
        parts = [sql.SQL("{}::text").format(sql.Identifier(ROW, name)) for name in self.source.primary_key]
        if len(parts) > 1:
            return sql.SQL("pg_catalog.jsonb_build_array({})::text").format(sql.SQL(", ").join(parts))
        return parts[0] if parts else None

    @property
    def whole_row(self) -> sql.Composable:
        """The source's row as one jsonb, in which quarantine keeps it.

        JSON in it is a text: as a part of a jsonb it would lose what a jsonb can't hold, or be refused for it. Of a row
        that is ``unsent`` it has the bytes of each text.
        """
        if not self.unsent:
            return self._row_of_values
        values = sql.SQL(", ").join(
            sql.SQL(BYTES if has_text(column.type) else "{} AS {}").format(
                sql.Identifier(ROW, column.name), sql.Identifier(column.name)
            )
            for column in self.source.columns
        )
        return sql.SQL(
            "CASE WHEN {} THEN (SELECT pg_catalog.to_jsonb(kept.*) FROM (SELECT {}) AS kept) ELSE {} END"
        ).format(self.among(self.unsent), values, self._row_of_values)

    @property
    def _row_of_values(self) -> sql.Composable:
        if not any(_has_json(column) for column in self.source.columns):
            return sql.SQL("pg_catalog.to_jsonb({}.*)").format(sql.Identifier(ROW))
        values = sql.SQL(", ").join(
            sql.SQL("{}{} AS {}").format(
                sql.Identifier(ROW, column.name),
                sql.SQL("::text" if _has_json(column) else ""),
                sql.Identifier(column.name),
            )
            for column in self.source.columns
        )
        return sql.SQL("(SELECT pg_catalog.to_jsonb(kept.*) FROM (SELECT {}) AS kept)").format(values)

    def among(self, keys: Collection[str]) -> sql.Composable:
        """Return the condition that a source row's key is one of ``keys``."""
        if not keys or self.source_key is None:
            return sql.SQL("false")
        return sql.SQL("{} = ANY ({}::text[])").format(self.source_key, sql.Literal(list(keys)))

    def value(self, column: ColumnPlan) -> sql.Composable:
        """Return the column's transform, NULL in the rows in which a policy makes it that."""
        return self._unless_nulled(column, column.conversion.value)

    @property
    def written(self) -> Mapping[str, sql.Composable]:
        """Of some columns a text, in the source's row, that is what the target writes only of the same value."""
        texts = ((column, column.conversion.written) for column in self.columns)
        return {column.target.name: self._unless_nulled(column, text) for column, text in texts if text is not None}

    def _unless_nulled(self, column: ColumnPlan, value: sql.Composable) -> sql.Composable:
        keys = self.nulled.get(column.target.name, ())
        if not keys:
            return value
        return sql.SQL("CASE WHEN {} THEN NULL ELSE {} END").format(self.among(keys), value)

    def canonical(self, column: ColumnPlan) -> sql.Composable:
        """Return the expression that the source computes for comparing (law 4)."""
        return rules.canonical(self.value(column), column.target.type)

    @property
    def key_forms(self) -> Mapping[str, Form]:
        """Of which form the parts of the key are when they are compared."""
        return {column.target.name: rules.form(column.target.type) for column in self.key}

    @property
    def kept(self) -> sql.Composable:
        """The condition that a source row goes into the target, or is merged with a row there."""
        return sql.SQL("NOT ({})").format(self.among(self.out)) if self.out else sql.SQL("true")

    @cached_property
    def plain_columns(self) -> tuple[str, ...]:
        """The source's columns in the order of the target's, where COPY can send the table itself; else none.

        That needs a table whose rows all go as they lie there, each of these columns once.
        """
        if self.source.kind != "r" or self.out or self.nulled or self.from_clause != from_item(self.source):
            return ()
        names = tuple(column.sources[0] for column in self.columns if len(column.sources) == 1)
        origins = [self.source.column(name) for name in names]
        as_they_lie = len(names) == len(self.columns) == len(set(names)) and all(
            origin is not None and not origin.generated and _is_column(self._sent(column), origin.name)
            for column, origin in zip(self.columns, origins, strict=False)
        )
        return names if as_they_lie else ()

    def select(self, condition: sql.Composable | None = None) -> sql.Composable:
        """Return the query whose result is the target's rows."""
        return self._query([self.value(column) for column in self.columns], condition)

    def sending(self, condition: sql.Composable | None = None) -> sql.Composable:
        """Return the query whose result COPY sends in the table's form: what the target reads from it is the same."""
        values = [self._unless_nulled(column, self._sent(column)) for column in self.columns]
        return self._query(values, condition)

    def _sent(self, column: ColumnPlan) -> sql.Composable:
        sent = column.conversion.sent if self.form == "binary" else None
        return column.conversion.value if sent is None else sent

    def _query(self, columns: Sequence[sql.Composable], condition: sql.Composable | None) -> sql.Composable:
        values = sql.SQL(", ").join(columns)
        conditions = [c for c in (condition, self.kept if self.out else None) if c is not None]
        where = sql.SQL(" WHERE {}").format(sql.SQL(" AND ").join(conditions)) if conditions else sql.SQL("")
        return sql.SQL("SELECT {} FROM {}{}").format(values, self.from_clause, where)


def from_item(table: Table) -> sql.Composable:
    """Return ``table`` as a FROM item; ONLY, because a table that inherits is a table of its own."""
    only = sql.SQL("") if table.kind == "p" else sql.SQL("ONLY ")
    return sql.SQL("{}{} AS {}").format(only, sql.Identifier(table.schema, table.name), sql.Identifier(ROW))


def _is_column(value: sql.Composable, name: str) -> bool:
    """Tell whether ``value`` is a column of the source's row, and nothing is done to it."""
    parts = [value]
    while len(parts) == 1 and isinstance(parts[0], sql.Composed):
        parts = list(parts[0])
    return parts == [sql.Identifier(ROW, name)]


def _has_json(column: Column) -> bool:
    return any(part.built_in and part.name in ("json", "_json") for part in column.type.parts())


def new_uniques(table: TablePlan) -> Iterator[tuple[Index, tuple[ColumnPlan, ...]]]:
    """Yield the target's unique indexes that the source doesn't already guarantee, with their columns."""
    named = {column.target.name: column for column in table.columns}
    for index in table.target.indexes:
        columns = tuple(named[name] for name in index.columns if name in named)
        if not index.unique or not index.plain or len(columns) != len(index.columns):
            continue
        scope = table.destination.columns
        varying = [column for column in columns if column.target.name not in scope]
        sources = [column.sources[0] for column in varying if len(column.sources) == 1]
        if not (len(sources) == len(varying) and table.source.unique_over(sources)):
            yield index, columns
