"""Which relationships the models of a service get, and what they are called.

Each foreign key inside a service gives one from its table and, where it is clear what to call it, one back. A table
of two foreign keys and nothing else joins many to many. What leads to another service stays a column: services don't
import each other.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from payrollx_db.lift.draft import names
from payrollx_db.lift.draft.database import Constraint, Table
from payrollx_db.lift.draft.source import Code, Item, Text, call

Joiner = Callable[[Table], Mapping[str, str]]  # likewise, of a table that joins two: its columns' ends
Namer = Callable[[Table, Constraint], tuple[str, str]]  # what a file says that the two ends are called; empty: nothing


@dataclass(frozen=True)
class Relationship:
    """An attribute of a model that holds rows of another: ``annotation`` and the arguments of ``relationship``."""

    attribute: str
    annotation: str
    item: Item


@dataclass
class Planned:
    """The names of a module: classes by table, attributes by table and column."""

    classes: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, str]]
    variables: Mapping[str, str]  # of tables without a class


def plan(
    tables: Sequence[Table], planned: Planned, given: Namer | None = None, join: Joiner | None = None
) -> dict[str, list[Relationship]]:
    """Return the relationships of each table's class, by the tables' names."""
    known = {table.name: table for table in tables}
    taken = {name: {*columns.values()} for name, columns in planned.attributes.items()}
    result: dict[str, list[Relationship]] = defaultdict(list)
    keys = [
        (table, key, known[str(key.target)])
        for table in tables
        if table.name in planned.classes
        for key in _keys(table)
        if key.target in planned.classes
    ]
    # The many-to-one ends first: their names come from columns, and are the ones that people look for.
    forward = {(table.name, key.name): _claim(_forward_name(table, key, given), taken[table.name])
               for table, key, _ in keys}  # fmt: skip
    paths = Counter(frozenset((table.name, target.name)) for table, _, target in keys)
    for table, key, target in keys:
        several = paths[frozenset((table.name, target.name))] > 1
        one = forward[table.name, key.name]
        back = _claim(_back_name(table, key, one, given, several=several), taken[target.name])
        result[table.name].append(_many_to_one(table, key, target, (one, back), planned, several=several))
        result[target.name].append(_one_to_many(table, key, (one, back), planned, several=several))
    for table in tables:
        if table.name in planned.variables:
            _join(table, planned, taken, result, join(table) if join else {})
    return result


def is_join(table: Table) -> bool:
    """Tell whether a table only joins two others of its service: it has two foreign keys, and nothing beside them."""
    keys = _keys(table)
    columns = [column for key in keys for column in key.columns]
    return len(keys) == 2 and sorted(columns) == sorted(column.name for column in table.columns) and not any(
        column.default for column in table.columns
    )  # fmt: skip


def _keys(table: Table) -> list[Constraint]:
    """Return the foreign keys that stay in the service; of several over the same columns, the first."""
    inside = [key for key in table.of_kind("f") if key.target_schema == table.schema]
    return list({(tuple(key.columns), key.target): key for key in reversed(inside)}.values())[::-1]


def _forward_name(table: Table, key: Constraint, given: Namer | None) -> str:
    if given and (name := given(table, key)[0]):
        return name
    if len(key.columns) == 1:
        column, target = names.words(key.columns[0]), names.words(key.target_columns[0])
        for ending in (f"_{target}", "_id", "_uuid", "_key", "_no", "_code"):
            if column.endswith(ending) and column != ending:
                return names.attribute(column.removesuffix(ending))
    return names.attribute(names.singular(names.words(str(key.target))))


def _back_name(table: Table, key: Constraint, forward: str, given: Namer | None, *, several: bool) -> str:
    if given and (name := given(table, key)[1]):
        return name
    own = names.words(table.name)
    base = names.singular(own) if _is_unique(table, key.columns) else names.plural(own)
    if key.target == table.name and not several:
        return "children" if forward == "parent" else f"{base}_of_{forward}"
    return names.attribute(f"{base}_by_{forward}" if several else base)


def _many_to_one(
    table: Table, key: Constraint, target: Table, ends: tuple[str, str], planned: Planned, *, several: bool
) -> Relationship:
    columns = planned.attributes[table.name]
    here = [columns[name] for name in key.columns]
    remote = [planned.attributes[target.name][name] for name in key.target_columns]
    nullable = any(not column.not_null for column in table.columns if column.name in key.columns)
    title = planned.classes[target.name]
    item = call(
        "relationship",
        foreign_keys=_list(here) if several else None,
        remote_side=_list(remote) if target.name == table.name else None,
        back_populates=Text(ends[1]),
    )
    annotation = f'"{title} | None"' if nullable else f'"{title}"'
    return Relationship(ends[0], annotation, item)


def _one_to_many(
    table: Table, key: Constraint, ends: tuple[str, str], planned: Planned, *, several: bool
) -> Relationship:
    columns = planned.attributes[table.name]
    title = planned.classes[table.name]
    listed = ", ".join(f"{title}.{columns[name]}" for name in key.columns)
    item = call(
        "relationship",
        foreign_keys=Text(f"[{listed}]") if several else None,
        back_populates=Text(ends[0]),
    )
    one = _is_unique(table, key.columns)
    return Relationship(ends[1], f'"{title} | None"' if one else f'list["{title}"]', item)


def _join(
    table: Table,
    planned: Planned,
    taken: Mapping[str, set[str]],
    result: Mapping[str, list[Relationship]],
    given: Mapping[str, str],
) -> None:
    """Add the two ends of a table that joins many to many."""
    if not is_join(table):
        return
    first, second = _keys(table)
    if first.target == second.target or not {first.target, second.target} <= set(planned.classes):
        return
    ends = [
        (
            str(one.target),
            _claim(
                given.get(one.columns[0]) or names.attribute(names.plural(names.words(str(other.target)))),
                taken[str(one.target)],
            ),
            str(other.target),
        )
        for one, other in ((first, second), (second, first))
    ]
    for (here, name, there), (_, back, _) in ((ends[0], ends[1]), (ends[1], ends[0])):
        secondary = Code(f"lambda: {planned.variables[table.name]}")
        item = call("relationship", secondary=secondary, back_populates=Text(back))
        result[here].append(Relationship(name, f'list["{planned.classes[there]}"]', item))


def _is_unique(table: Table, columns: Iterable[str]) -> bool:
    wanted = set(columns)
    return any(set(one.columns) == wanted for one in table.constraints if one.kind in "pu") or any(
        index.unique and not index.predicate and {element.column for element in index.elements} == wanted
        for index in table.indexes
    )


def _claim(name: str, taken: set[str]) -> str:
    text = names.free(name, taken)
    taken.add(text)
    return text


def _list(attributes: Sequence[str]) -> Item:
    return Code(f"[{', '.join(attributes)}]")
