"""What must be computed of a table's rows before the copy: the target's rules that the source doesn't guarantee.

A rule that can't fail is left out: an index over functions that take every value, a unique that the source has too.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from payrollx_db.consolidate.check.target_rules import IndexRule, TableRules, quoted
from payrollx_db.consolidate.plan.mapping import ColumnPlan, TablePlan

INJECTIVE = ("same type", "to text", "text to uuid", "enum by its label")  # rules that keep different values different

WHOLE_ROW = ":varattno 0 "  # in an expression's tree: the row of its table as one value

Kind = Literal["compute", "check", "route", "unique", "exclude", "size", "compare", "refer"]


@dataclass(frozen=True)
class Demand:
    """One rule to be computed: ``expressions`` over ``columns`` of the target table.

    ``code`` is what rows that break it are called, ``what`` names the rule. ``condition`` limits it to some rows.
    ``index`` is set where it is an index's.
    """

    kind: Kind
    code: str
    what: str
    expressions: tuple[str, ...]
    columns: tuple[str, ...]
    tree: str = ""
    conditions: tuple[str, ...] = ()
    index: IndexRule | None = None
    caution: str = ""  # what is to be known of how it is computed
    raw: bool = False  # over the values as they come, before their domains
    parents: str = ""  # the temporary table of the keys that a reference may point at


def demands_of(rules: TableRules, table: TablePlan, *, shared: bool, trusting: bool = True) -> list[Demand]:
    """Return what is to be computed of the rows of ``table``; ``shared`` says that other tables' rows go there too,
    ``trusting`` that what the source's own uniques say is so.

    In the order in which a row meets it: what refuses the value itself comes first.
    """
    filled = {column.target.name: column for column in table.columns}
    demands = [*_domains(rules), *_generated(rules), *_routes(rules, table), *_checks(rules, table)]
    for index in rules.indexes:
        demands += _of_index(rules, index, table, shared=shared, trusting=trusting)
    demands += _statistics(rules)
    demands = [_with_whole_rows(rules, table, demand) for demand in demands]
    unknown = {
        name for name, column in rules.columns.items()
        if name not in filled and not column.generated and rules.volatile(column)
    }  # fmt: skip
    return [demand for demand in demands if not unknown & rules.needed(demand.columns)]


def across_scopes(rules: TableRules, table: TablePlan) -> list[Demand]:
    """Return what rows of different scopes can break together: uniques and exclusions that don't tell these apart."""
    demands = []
    for index in rules.indexes:
        if (index.unique or index.operators) and not _tells_apart(rules, index, table.destination.columns):
            kind: Kind = "exclude" if index.operators else "unique"
            demands += [
                demand
                for demand in _of_index(rules, index, table, shared=True, trusting=False, across=True)
                if demand.kind == kind
            ]
    return [_with_whole_rows(rules, table, demand) for demand in demands]


def _tells_apart(rules: TableRules, index: IndexRule, scope: Iterable[str]) -> bool:
    """Whether an index has the columns of a scope in its key, each compared for equality."""
    equal = {
        rules.names[text]
        for place, text in enumerate(index.elements[: index.keys])
        if text in rules.names and (not index.operators or index.operators[place].endswith(".=)"))
    }
    return equal >= set(scope)


def groupable(
    rules: TableRules, table: TablePlan, *, trusting: bool = True
) -> Iterator[tuple[IndexRule, tuple[ColumnPlan, ...]]]:
    """Yield the uniques that the source doesn't guarantee, and that it can compute: its equality is the target's."""
    filled = {column.target.name: column for column in table.columns}
    for index in rules.indexes:
        if _is_unique(index) and index.plain and _same_equality(rules, index, filled):
            columns = tuple(filled[name] for name in _key_columns(index, rules) if name in filled)
            if len(columns) == index.keys and not (trusting and _guaranteed(rules, index, table)):
                yield index, columns


def _same_equality(rules: TableRules, index: IndexRule, filled: dict[str, ColumnPlan]) -> bool:
    if not (index.usual and index.deterministic and index.partition is None):
        return False
    columns = [filled.get(name) for name in _key_columns(index, rules)]
    return all(
        column is not None
        and column.target.type.name != "bpchar"
        and (column.target.type.schema == "pg_catalog" or column.target.type.kind == "e")
        for column in columns
    )


def _is_unique(index: IndexRule) -> bool:
    return index.unique and not index.operators


def _key_columns(index: IndexRule, rules: TableRules) -> list[str]:
    """Return the names of the key's elements that are columns."""
    return [rules.names[text] for text in index.elements[: index.keys] if text in rules.names]


def _guaranteed(rules: TableRules, index: IndexRule, table: TablePlan) -> bool:
    """Whether a unique of the source says it already, over some of the key's columns, each kept as it is."""
    filled = {column.target.name: column for column in table.columns}
    kept = [filled[name] for name in _key_columns(index, rules) if name in filled and _is_kept(filled[name], table)]
    if index.plain is False and any(column.conversion.rule == "text to uuid" for column in kept):
        return False
    sources = {column.sources[0] for column in kept if rules.columns[column.target.name].deterministic}
    for unique in table.source.indexes:
        if unique.unique and unique.valid and unique.plain and set(unique.columns) <= sources:
            nullable = [c for name in unique.columns if (c := table.source.column(name)) is None or c.may_be_null]
            if not index.nulls_equal or not nullable or "NULLS NOT DISTINCT" in unique.definition:
                return True
    return False


def _is_kept(column: ColumnPlan, table: TablePlan) -> bool:
    """Whether different values of the source stay different, by the target's equality."""
    origin = table.source.column(column.sources[0]) if len(column.sources) == 1 else None
    rule, conversion = column.conversion.rule, column.conversion
    if origin is None or rule == "derived" or conversion.lossy is not None:
        return False
    known = rule.startswith(("to ", "timestamp at")) or rule in INJECTIVE or " to " in rule
    loose = column.target.type.name in ("bpchar", "citext") or column.target.type.schema != "pg_catalog"
    same = (origin.type.name, origin.type.schema) == (column.target.type.name, column.target.type.schema)
    return known and (same or not loose or column.target.type.kind == "e")


# --- the kinds of rules --------------------------------------------------------------------------------


def _domains(rules: TableRules) -> Iterator[Demand]:
    for column in rules.columns.values():
        if column.checked and not column.generated:
            cast = f"({quoted(column.name)})::{column.declared}"
            what = f"the domain {column.declared}"
            yield Demand("compute", "check-violated", what, (cast,), (column.name,), column.domains, raw=True)


def _generated(rules: TableRules) -> Iterator[Demand]:
    for column in rules.columns.values():
        doubtful = column.checked or not rules.total(column.tree or "") or "(" in column.declared
        if column.generated and column.expression and doubtful:
            cast = f"({column.expression})::{column.declared}"
            what = f"the generated column {column.name}"
            yield Demand("compute", "uncomputable", what, (cast,), tuple(column.columns), column.tree or "")


def _routes(rules: TableRules, table: TablePlan) -> Iterator[Demand]:
    if table.target.kind == "p":
        routes = [route for route in rules.routes if route.kind == "partition"]
        columns = tuple(name for route in routes for name in route.columns)
        bounds = tuple(partition.bounds for partition in rules.partitions)
        what, tree = f"the partitions of {table.target_name}", " ".join(route.tree for route in routes)
        yield Demand("route", "no-partition", what, bounds, columns, tree)


def _checks(rules: TableRules, table: TablePlan) -> Iterator[Demand]:
    for check in rules.checks:
        of = check.partition or table.target_name
        conditions = (check.bounds,) if check.bounds else ()
        columns = (*check.columns, *_routing(rules, check.bounds))
        what = f"the CHECK {check.name} of {of}" if check.name != "NOT NULL" else f"NOT NULL of {of}"
        yield Demand(
            "check", "check-violated", what, (check.expression,), columns, check.tree, conditions,
            caution=_caution(rules, check.tree),
        )  # fmt: skip


def _caution(rules: TableRules, tree: str) -> str:
    """Return what is to be said of functions that may read tables, which are as they are before the copy."""
    names = [f.name for f in rules.calls(tree) if f is not None and not f.built_in and f.volatility != "i"]
    if not names:
        return ""
    return (
        f", which calls {', '.join(names)}: if that reads other tables, it finds them as they are before their rows"
        " come, as the copy does; drop the CHECK then, copy, and add it again"
    )


def _of_index(
    rules: TableRules, index: IndexRule, table: TablePlan, *, shared: bool, trusting: bool, across: bool = False
) -> Iterator[Demand]:
    conditions = tuple(text for text in (index.predicate, index.bounds) if text)
    routing = _routing(rules, index.bounds)
    columns = (*index.columns, *routing)
    keys, tree = tuple(index.elements[: index.keys]), index.tree
    compared = (*(name for name in index.columns if name not in index.beside), *routing)
    name = f"the index {index.name}"
    if not index.plain and not rules.total(tree):
        bounds = (index.bounds,) if index.bounds else ()
        if index.predicate:  # it decides whether the rest is computed at all
            yield Demand("compute", "uncomputable", name, (index.predicate,), columns, tree, bounds)
        yield Demand("compute", "uncomputable", name, tuple(index.elements), columns, tree, conditions)
    if index.operators and index.unique:  # WITHOUT OVERLAPS: its period is the last column
        filled = f"NOT pg_catalog.isempty({keys[-1]})"
        what = f"the key {index.name}, whose periods can't be empty"
        yield Demand("check", "check-violated", what, (filled,), compared, tree, conditions)
    if index.operators:
        what = f"the exclusion constraint {index.name}"
        yield Demand("exclude", "exclusion", what, keys, compared, tree, conditions, index)
    elif index.unique and (across or _needs_grouping(rules, index, table, shared=shared, trusting=trusting)):
        yield Demand("unique", "duplicate", f"the unique {index.name}", keys, compared, tree, conditions, index)
    if index.method in ("btree", "gist", "gin", "brin", "spgist") and _may_be_long(rules, index, table):
        yield Demand("size", "too-large", name, tuple(index.elements), columns, tree, conditions, index)
    if index.comparing:
        tree = f"{tree} {index.comparison}"
        yield Demand("compare", "uncomputable", name, tuple(index.elements), columns, tree, conditions, index)


def _needs_grouping(rules: TableRules, index: IndexRule, table: TablePlan, *, shared: bool, trusting: bool) -> bool:
    filled = {column.target.name: column for column in table.columns}
    on_source = index.plain and _same_equality(rules, index, filled)
    if shared:
        return not (on_source and index.keys == 1)  # those are looked at one by one
    return not on_source and not (trusting and _guaranteed(rules, index, table))


def _may_be_long(rules: TableRules, index: IndexRule, table: TablePlan) -> bool:
    """Whether an entry may be longer than an index takes, and no index of the source holds the same values."""
    filled = {column.target.name: column for column in table.columns}
    long = [name for name in index.columns if rules.columns[name].unbounded]
    if not any(name in filled or rules.columns[name].generated for name in long):
        return False
    columns = [filled.get(name) for name in index.columns]
    if not index.plain or not all(column is not None and _is_kept(column, table) for column in columns):
        return True
    sources = {column.sources[0] for column in columns if column is not None}
    held = (set(other.columns) for other in table.source.indexes if other.valid and other.plain)
    return index.method != "btree" or not any(sources <= names for names in held)


def _statistics(rules: TableRules) -> Iterator[Demand]:
    for route in rules.routes:
        if route.kind == "statistics" and not rules.total(route.tree):
            what = f"the statistics object {route.name}"
            yield Demand("compute", "uncomputable", what, (route.expression,), tuple(route.columns), route.tree)


def _routing(rules: TableRules, bounds: str | None) -> list[str]:
    if not bounds:
        return []
    return [name for route in rules.routes if route.kind == "partition" for name in route.columns]


def _with_whole_rows(rules: TableRules, table: TablePlan, demand: Demand) -> Demand:
    """Return the demand with each whole row in its expressions as a value of the table's own type."""
    if WHOLE_ROW not in demand.tree:
        return demand
    columns = ", ".join(quoted(name) for name in rules.columns)
    row = f"ROW({columns})::{quoted(table.target.schema)}.{quoted(table.target.name)}"

    def spelled(text: str) -> str:
        for name in (table.target.name, quoted(table.target.name)):
            text = re.sub(rf"(?<![\w\".]){re.escape(name)}\.\*", lambda _: row, text)
        return text

    return replace(
        demand,
        expressions=tuple(map(spelled, demand.expressions)),
        conditions=tuple(map(spelled, demand.conditions)),
        columns=tuple(rules.columns),
    )
