"""One table map held against two real tables: which column is filled by what, and what doesn't fit."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from psycopg import sql

from payrollx_db.consolidate.plan import conversion as rules
from payrollx_db.consolidate.plan import pasting
from payrollx_db.consolidate.plan.conversion import derive, fleeting
from payrollx_db.consolidate.plan.conversion.canonical import TEXTS
from payrollx_db.consolidate.plan.conversion.rule import filled
from payrollx_db.consolidate.plan.conversion.same import difference
from payrollx_db.consolidate.plan.destination import scope_of
from payrollx_db.consolidate.plan.mapping import ROW, ColumnPlan, Mismatch, TablePlan, from_item
from payrollx_db.model.layout import DuplicateTable, LegacyDatabase, TableMap, template_fields
from payrollx_db.postgres.introspect import Column, Database, Table


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
        clause = join_lookup(clause, joined, alias, lookup.on)
        lookups[alias] = joined
    left_behind = {
        table_map.rename.get(d.column, d.column)
        for d in legacy.discards
        if d.column and d.table == table_map.source.name
    }
    wrong += _unfilled(table_map, target, {*columns, *without_rule}, left_behind)
    ordered = tuple(columns[c.name] for c in target.columns if c.name in columns)
    lookup_on = {alias: table_map.lookups[alias].on for alias in lookups}
    planned = TablePlan(
        legacy.name, source, target, ordered, clause, lookups=lookups, lookup_on=lookup_on, without_rule=without_rule,
        scope=scope_of(table_map.scope),
    )  # fmt: skip
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
    return TablePlan(
        legacy.name, source, target, ordered, from_item(source), owner=duplicate.owner, scope=scope_of(table_map.scope)
    )


def _columns(
    legacy: LegacyDatabase, table_map: TableMap, source: Table, target: Table, servers: rules.Servers
) -> tuple[dict[str, ColumnPlan], dict[str, str], list[Mismatch]]:
    plans, mismatches = _derived_columns(table_map, source, target, servers)
    constants, wrong = _constants(table_map, target, servers)
    plans, mismatches = {**plans, **constants}, [*mismatches, *wrong]
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
    # By what they are first, as what they are like takes longer to compare; the value keeps both alive.
    place = (id(column), id(target), empty)
    if place not in servers.known:
        likeness = (column, target, empty)
        if likeness not in servers.alike:
            conversion = rules.convert(_value(column, empty=empty), column.type, target.type, servers)
            plan = conversion and ColumnPlan(target, (column.name,), conversion, column.may_be_null or empty)
            servers.alike[likeness] = plan
        servers.known[place] = (column, target, servers.alike[likeness])
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


def _constants(
    table_map: TableMap, target: Table, servers: rules.Servers
) -> tuple[dict[str, ColumnPlan], list[Mismatch]]:
    """Plan the columns of a scope, each of which has one value in all rows."""
    plans: dict[str, ColumnPlan] = {}
    mismatches: list[Mismatch] = []
    for name, value in table_map.scope.items():
        column = target.column(name)
        place = f"{target.full_name}.{name}"
        if column is None:
            mismatches.append(Mismatch("missing", place, "the layout has it in a scope, and it isn't there"))
        elif column.generated:
            mismatches.append(Mismatch("no-rule", place, "the layout has it in a scope, and the server computes it"))
        elif reason := rules.refusal(None, column.type, servers):
            mismatches.append(Mismatch("no-rule", place, reason))
        else:
            constant = derive.derived(sql.SQL("{}::text").format(sql.Literal(value)), column.type)
            # That it is a value of the type is asked once for all (`scope_values`), not of each row.
            sound = rules.Conversion("scope", constant.value, raises=False, code=constant.code, text=constant.text)
            plans[name] = ColumnPlan(column, (), sound, nullable=False)
    return plans, mismatches


def _derived(target_column: Column, template: str, source: Table, servers: rules.Servers) -> ColumnPlan:
    named: dict[str, sql.Identifier] = {}
    for name in template_fields(template):
        lookup, _, column = name.rpartition(".")
        named[name] = sql.Identifier(lookup or ROW, column)
    reads = tuple(name for name in named if "." not in name)
    conversion = _own_conversion(target_column, template, source, named, servers)

    def value(other: str) -> sql.Composable:
        return _own_conversion(target_column, other, source, named, servers).value

    timeless = tuple(
        (word, value(other), value(lasting) if lasting else None)
        for word, other, lasting in fleeting.without_moments(template)
    )
    note = fleeting.fleeting(template) or conversion.note
    conversion = replace(conversion, note=note, timeless=timeless, calls=fleeting.calls(template))
    return ColumnPlan(target_column, reads, conversion)


def _own_conversion(
    target: Column, template: str, source: Table, named: Mapping[str, sql.Identifier], servers: rules.Servers
) -> rules.Conversion:
    """Return how a layout's own expression gets to the target: by the rule of its column's type, where it is bare."""
    zoned, timezone = derive.column_at_zone(template)
    name, steps = derive.steps(template)
    column = source.column(name)
    if column is not None and zoned and (column.type.name, target.type.name) == ("timestamp", "timestamptz"):
        return derive.derived_at_zone(named[zoned], target.type, timezone)
    if column is not None and template.strip() == f"{{{column.name}}}" and not difference(column.type, target.type):
        conversion = rules.convert(named[column.name], column.type, target.type, servers)
        if conversion is not None:
            return replace(conversion, rule="derived")
    value = filled(template, named)
    if column is None:
        return derive.derived(value, target.type)
    return derive.derived(value, target.type, named[column.name], column.type, steps, servers.timezone)


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


def join_lookup(clause: sql.Composable, table: Table, alias: str, on: Mapping[str, str]) -> sql.Composable:
    """Return a FROM clause with a looked-up table joined to the source's row."""
    matches = sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(alias, theirs), sql.Identifier(ROW, ours))
        for theirs, ours in on.items()
    )
    named = sql.Identifier(table.schema, table.name)
    return sql.SQL("{} LEFT JOIN {} AS {} ON {}").format(clause, named, sql.Identifier(alias), matches)
