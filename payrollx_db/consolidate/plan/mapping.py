"""One table map held against two real tables: which column is filled by what, and what doesn't fit."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.plan import conversion as rules
from payrollx_db.consolidate.plan import pasting
from payrollx_db.consolidate.plan.conversion import derive
from payrollx_db.consolidate.plan.conversion.canonical import TEXTS
from payrollx_db.consolidate.plan.conversion.same import difference
from payrollx_db.consolidate.plan.pasting import Line
from payrollx_db.model.layout import DuplicateTable, LegacyDatabase, TableMap, template_fields
from payrollx_db.postgres.copy_pipe import CopyFormat
from payrollx_db.postgres.introspect import Column, Database, Index, Table
from payrollx_db.postgres.sides import Form

ROW = "s"  # what a source row is called in all our SQL


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

    Policies make exceptions, by the source's own key as text: rows that stay ``out`` (quarantined),
    columns that are ``nulled`` in some rows, and rows of a duplicate table that are ``imported``.
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
    nulled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    imported: tuple[str, ...] = ()
    lookups: Mapping[str, Table] = field(default_factory=dict)  # by alias
    without_rule: Mapping[str, str] = field(default_factory=dict)  # source columns by the target's, which no rule fills

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

        JSON in it is a text: as a part of a jsonb it would lose what a jsonb can't hold, or be refused for it.
        """
        if not any(_has_json(column) for column in self.source.columns):
            return sql.SQL("pg_catalog.to_jsonb({})").format(sql.Identifier(ROW))
        values = sql.SQL(", ").join(
            sql.SQL("{}{} AS {}").format(
                sql.Identifier(ROW, column.name),
                sql.SQL("::text" if _has_json(column) else ""),
                sql.Identifier(column.name),
            )
            for column in self.source.columns
        )
        return sql.SQL("(SELECT pg_catalog.to_jsonb(kept) FROM (SELECT {}) AS kept)").format(values)

    def among(self, keys: Collection[str]) -> sql.Composable:
        """Return the condition that a source row's key is one of ``keys``."""
        if not keys or self.source_key is None:
            return sql.SQL("false")
        return sql.SQL("{} = ANY ({}::text[])").format(self.source_key, sql.Literal(list(keys)))

    def value(self, column: ColumnPlan) -> sql.Composable:
        """Return the column's transform, with the rows in which a policy makes it NULL."""
        keys = self.nulled.get(column.target.name, ())
        if not keys:
            return column.conversion.value
        return sql.SQL("CASE WHEN {} THEN NULL ELSE {} END").format(self.among(keys), column.conversion.value)

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

    def select(self, condition: sql.Composable | None = None) -> sql.Composable:
        """Return the query whose result is the target's rows: what COPY sends."""
        values = sql.SQL(", ").join(self.value(column) for column in self.columns)
        conditions = [c for c in (condition, self.kept if self.out else None) if c is not None]
        where = sql.SQL(" WHERE {}").format(sql.SQL(" AND ").join(conditions)) if conditions else sql.SQL("")
        return sql.SQL("SELECT {} FROM {}{}").format(values, self.from_clause, where)


def plan_table(
    legacy: LegacyDatabase, table_map: TableMap, database: Database, target: Table, servers: rules.Servers
) -> tuple[TablePlan, list[Mismatch]]:
    """Plan one table of ``database`` (which has it) into ``target``, and say what doesn't fit."""
    source = database.tables[f"{legacy.schema}.{table_map.source.name}"]
    columns, without_rule, wrong = _columns(legacy, table_map, source, target, servers)
    clause = from_item(source)
    lookups: dict[str, Table] = {}
    for alias, lookup in table_map.lookups.items():
        joined = database.tables.get(f"{legacy.schema}.{lookup.table}")
        place = f"{legacy.name}.{legacy.schema}.{lookup.table}"
        if joined is None:
            wrong.append(Mismatch("missing", place, f"{source.name} looks it up, and it isn't there"))
            continue
        if not joined.unique_over(lookup.on):
            by = ", ".join(lookup.on)
            wrong.append(Mismatch("not-unique", place, f"{source.name} looks it up by {by}, which isn't unique there"))
        clause = _join(clause, joined, alias, lookup.on)
        lookups[alias] = joined
    left_behind = {
        table_map.rename.get(d.column, d.column)
        for d in legacy.discards
        if d.column and d.table == table_map.source.name
    }
    wrong += _unfilled(table_map, target, {*columns, *without_rule}, left_behind)
    ordered = tuple(columns[c.name] for c in target.columns if c.name in columns)
    planned = TablePlan(legacy.name, source, target, ordered, clause, lookups=lookups, without_rule=without_rule)
    return planned, wrong


def plan_duplicate(
    legacy: LegacyDatabase,
    duplicate: DuplicateTable,
    table_map: TableMap,
    source: Table,
    target: Table,
    servers: rules.Servers,
) -> TablePlan:
    """Plan the comparison of a duplicate table through its owner's map, over the columns that it has."""
    has = duplicate.source.columns
    partial = replace(
        table_map,
        source=duplicate.source,
        rename={name: target for name, target in table_map.rename.items() if name in has},
        derive={target: t for target, t in table_map.derive.items() if all(name in has for name in template_fields(t))},
        empty_as_null=table_map.empty_as_null & has.keys(),
        lookups={},
    )
    columns, _, _ = _columns(legacy, partial, source, target, servers)
    ordered = tuple(columns[c.name] for c in target.columns if c.name in columns)
    return TablePlan(legacy.name, source, target, ordered, from_item(source), owner=duplicate.owner)


def from_item(table: Table) -> sql.Composable:
    """Return ``table`` as a FROM item; ONLY, because a table that inherits is a table of its own."""
    only = sql.SQL("") if table.kind == "p" else sql.SQL("ONLY ")
    return sql.SQL("{}{} AS {}").format(only, sql.Identifier(table.schema, table.name), sql.Identifier(ROW))


def _has_json(column: Column) -> bool:
    return any(part.built_in and part.name in ("json", "_json") for part in column.type.parts())


def new_uniques(table: TablePlan) -> Iterator[tuple[Index, tuple[ColumnPlan, ...]]]:
    """Yield the target's unique indexes that the source doesn't already guarantee, with their columns."""
    named = {column.target.name: column for column in table.columns}
    for index in table.target.indexes:
        columns = tuple(named[name] for name in index.columns if name in named)
        if not index.unique or not index.plain or len(columns) != len(index.columns):
            continue
        sources = [column.sources[0] for column in columns if len(column.sources) == 1]
        if not (len(sources) == len(columns) and table.source.unique_over(sources)):
            yield index, columns


def _columns(
    legacy: LegacyDatabase, table_map: TableMap, source: Table, target: Table, servers: rules.Servers
) -> tuple[dict[str, ColumnPlan], dict[str, str], list[Mismatch]]:
    plans, mismatches = _derived_columns(table_map, source, target, servers)
    without_rule = dict.fromkeys(table_map.derive.keys() - plans.keys(), "")
    derived = {source for plan in plans.values() for source in plan.sources}
    for column in source.columns:
        if column.name not in table_map.source.columns:
            continue  # unknown to the layout (listed as unmapped), or discarded by name
        name = _target_name(table_map, column, target, plans)
        target_column = target.column(name)
        place, filled = f"{legacy.name}.{source.full_name}.{column.name}", f"{target.full_name}.{name}"
        if target_column is None or target_column.generated:
            # Whether another map takes the column is seen when all maps are planned.
            if column.name in table_map.rename:
                mismatches.append(Mismatch("missing", filled, f"{place} is renamed to it; it isn't there"))
        elif name in plans:
            if column.name not in derived:
                mismatches.append(Mismatch("ambiguous", place, f"{filled} is filled by something else too"))
        elif column.name in table_map.empty_as_null and column.type.name not in TEXTS:
            without_rule[name] = column.name
            mismatches.append(Mismatch("type", place, f"{column.type.display} has no empty texts to be NULL"))
        else:
            empty = column.name in table_map.empty_as_null
            plan = _column_plan(column, target_column, servers, empty=empty)
            if plan is not None:
                plans[name] = plan
            else:
                without_rule[name] = column.name
                mismatches.append(_no_rule(place, filled, column, target_column, servers))
    return plans, without_rule, mismatches


def _column_plan(column: Column, target: Column, servers: rules.Servers, *, empty: bool) -> ColumnPlan | None:
    """Return the plan of a column that its own rule fills, one for all tables that have the same; ``None`` without."""
    # By what they are, not by what they are like, which takes longer to compare; the value keeps both alive.
    place = (id(column), id(target), empty)
    if place not in servers.known:
        conversion = rules.convert(_value(column, empty=empty), column.type, target.type, servers)
        plan = conversion and ColumnPlan(target, (column.name,), conversion, column.nullable or empty)
        servers.known[place] = (column, target, plan)
    known: ColumnPlan | None = servers.known[place][2]
    return known


def _target_name(table_map: TableMap, column: Column, target: Table, filled: Collection[str]) -> str:
    """Return the target's name for a source column: that of its rename, its own, or its own in snake_case."""
    if column.name in table_map.rename:
        return table_map.rename[column.name]
    own = target.column(column.name)
    taken = own is None or own.generated or column.name in filled or column.name in table_map.rename.values()
    return rules.snake_case(column.name) if taken else column.name


def _value(column: Column, *, empty: bool) -> sql.Composable:
    """Return a source column's value; ``empty`` texts of it are NULL."""
    name = sql.Identifier(ROW, column.name)
    return sql.SQL("NULLIF({}::text, '')").format(name) if empty else name


def _no_rule(place: str, filled: str, column: Column, target: Column, servers: rules.Servers) -> Mismatch:
    reason = rules.refusal(column.type, target.type, servers) or f"{_why_other(column, target)}derive it in the layout"
    kinds = f"{column.type.display} into {target.type.display} ({filled})"
    return Mismatch("no-rule", place, f"no rule turns {kinds}: {reason.format(column='{' + column.name + '}')}")


def _why_other(column: Column, target: Column) -> str:
    """Say what makes two types of one name differ."""
    names = {column.type.display, rules.snake_case(column.type.display)}
    same_name = target.type.display in names or column.type.name == target.type.name
    return f"{difference(column.type, target.type)}; " if same_name else ""


def _derived_columns(
    table_map: TableMap, source: Table, target: Table, servers: rules.Servers
) -> tuple[dict[str, ColumnPlan], list[Mismatch]]:
    plans: dict[str, ColumnPlan] = {}
    mismatches: list[Mismatch] = []
    for name, template in table_map.derive.items():
        target_column = target.column(name)
        place = f"{target.full_name}.{name}"
        if target_column is None:
            mismatches.append(Mismatch("missing", place, "the layout fills it, and it isn't there"))
        elif reason := rules.refusal(None, target_column.type, servers):
            mismatches.append(Mismatch("no-rule", place, reason))
        else:
            plans[name] = _derived(target_column, template, source, servers)
    return plans, mismatches


def _derived(target_column: Column, template: str, source: Table, servers: rules.Servers) -> ColumnPlan:
    named: dict[str, sql.Identifier] = {}
    for name in template_fields(template):
        lookup, _, column = name.rpartition(".")
        named[name] = sql.Identifier(lookup or ROW, column)
    reads = tuple(name for name in named if "." not in name)
    conversion = _own_conversion(target_column, template, source, named, servers)
    return ColumnPlan(target_column, reads, conversion)


def _own_conversion(
    target: Column, template: str, source: Table, named: Mapping[str, sql.Identifier], servers: rules.Servers
) -> rules.Conversion:
    """Return how a layout's own expression gets to the target: by the rule of its column's type, where it is bare."""
    zoned, timezone = derive.column_at_zone(template)
    column = source.column(zoned or derive.cast_column(template))
    if column is not None and zoned and (column.type.name, target.type.name) == ("timestamp", "timestamptz"):
        return derive.derived_at_zone(named[zoned], target.type, timezone)
    if column is not None and template.strip() == f"{{{column.name}}}" and not difference(column.type, target.type):
        conversion = rules.convert(named[column.name], column.type, target.type, servers)
        if conversion is not None:
            return replace(conversion, rule="derived")
    value = sql.SQL(template).format(**named)  # the layout is code, not data
    if column is None or zoned:
        return derive.derived(value, target.type)
    cast = named[column.name]
    rule = rules.convert(cast, column.type, target.type, servers)
    return derive.derived(value, target.type, cast, column.type, rule)


def _unfilled(
    table_map: TableMap, target: Table, filled: Collection[str], left_behind: Collection[str]
) -> Iterator[Mismatch]:
    """Name the target columns that nothing fills, though the layout doesn't call them new.

    Those whose source columns are ``left_behind`` are as good as new.
    """
    unfilled = pasting.spare_columns(target, filled, (*table_map.new, *left_behind))
    for column in target.columns:
        place = f"{target.full_name}.{column.name}"
        if column.name in filled or column.generated:
            continue
        if column.name in unfilled:
            problem = f"nothing of {table_map.source.name} fills it, and the layout doesn't call it new"
            yield Mismatch("unfilled", place, problem, pasting.for_new_columns(table_map, unfilled))
        elif not column.nullable and not column.has_default:
            yield Mismatch("unfilled", place, "is new, but can be neither NULL nor defaulted")
    for name in table_map.new:
        if target.column(name) is None:
            yield Mismatch("missing", f"{target.full_name}.{name}", "the layout calls it new, and it isn't there")


def _join(clause: sql.Composable, table: Table, alias: str, on: Mapping[str, str]) -> sql.Composable:
    matches = sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(alias, theirs), sql.Identifier(ROW, ours))
        for theirs, ours in on.items()
    )
    named = sql.Identifier(table.schema, table.name)
    return sql.SQL("{} LEFT JOIN {} AS {} ON {}").format(clause, named, sql.Identifier(alias), matches)
