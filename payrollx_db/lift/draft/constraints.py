"""What a table's arguments say: keys, unique and check constraints, exclusions, foreign keys and indexes.

A constraint or index goes without a name where the project's naming convention gives it the one that it has: the
convention is Postgres' own.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from payrollx_db.lift.draft.database import Constraint, Element, Index, Table
from payrollx_db.lift.draft.source import Code, Imports, Item, Text, call, mapping, sequence, texts
from payrollx_db.lift.draft.types import CORE, POSTGRES

ACTIONS = {"a": None, "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
ACTION_COLUMNS = re.compile(r"ON DELETE SET (?:NULL|DEFAULT) (\(.+?\))(?: |$)")
MAX_NAME = 63  # bytes, beyond which SQLAlchemy shortens a convention's name otherwise than Postgres
SUFFIXES = {"p": "pkey", "u": "key", "f": "fkey", "i": "idx"}
PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")


def escaped(expression: str) -> str:
    """Return SQL as SQLAlchemy's text takes it: a colon before a word would be a parameter."""
    return PARAMETER.sub(r"\\:", expression)


def sql(expression: str, imports: Imports) -> Item:
    """Return SQL as an expression."""
    return call(imports.name(CORE, "text"), Text(escaped(expression)))


def conventional(table: Table, kind: str, columns: Sequence[str], name: str) -> bool:
    """Tell whether the naming convention gives this name."""
    expected = "_".join([table.name, *([] if kind == "p" else columns), SUFFIXES[kind]])
    return name == expected and len(name.encode()) <= MAX_NAME and "%" not in name


def named(table: Table, kind: str, constraint: Constraint) -> Item | None:
    """Return the name as a value, where the convention doesn't give it."""
    return None if conventional(table, kind, constraint.columns, constraint.name) else Text(constraint.name)


def is_plain_key(table: Table, key: Constraint) -> bool:
    """Tell whether ``primary_key=True`` on its columns says all of a primary key."""
    order = [column.name for column in table.columns if column.name in key.columns]
    return (
        list(key.columns) == order and named(table, "p", key) is None and not key.deferrable and not _extra(table, key)
    )


def is_plain_unique(table: Table, constraint: Constraint) -> bool:
    """Tell whether ``unique=True`` on its column says all of a unique constraint."""
    alone = len(constraint.columns) == 1 and not constraint.deferrable and not _extra(table, constraint)
    return alone and named(table, "u", constraint) is None


def is_plain_index(table: Table, index: Index) -> bool:
    """Tell whether ``index=True`` on its column says all of an index."""
    if len(index.elements) != 1 or not _is_column(index.elements[0]):
        return False
    columns = [index.elements[0].column or ""]
    return (
        index.method == "btree" and not index.unique and not index.predicate and not index.included
        and not index.options and conventional(table, "i", columns, index.name)
    )  # fmt: skip


def key(table: Table, constraint: Constraint, imports: Imports) -> Item:
    """Return a primary key in words."""
    name = imports.name(CORE, "PrimaryKeyConstraint")
    return call(name, *texts(constraint.columns), name=named(table, "p", constraint), **_further(table, constraint))


def unique(table: Table, constraint: Constraint, imports: Imports) -> Item:
    """Return a unique constraint in words."""
    name = imports.name(CORE, "UniqueConstraint")
    return call(name, *texts(constraint.columns), name=named(table, "u", constraint), **_further(table, constraint))


def check(constraint: Constraint, imports: Imports) -> Item:
    """Return a check constraint in words."""
    not_valid = None if constraint.validated else Code("True")
    name = imports.name(CORE, "CheckConstraint")
    expression = escaped(constraint.expression)
    return call(name, Text(expression), name=Text(constraint.name), postgresql_not_valid=not_valid)


def exclusion(table: Table, constraint: Constraint, imports: Imports) -> Item:
    """Return an exclusion constraint in words."""
    index = _index_of(table, constraint)
    operators: dict[str, Item] = {}
    pairs: list[Item] = []
    for element, operator in zip(index.elements, constraint.operators, strict=True):
        if element.column is not None and element.collation is None:
            pairs.append(sequence([Text(element.column), Text(operator)], ("(", ")")))
            if element.operators:
                operators[element.column] = Text(element.operators)
        else:
            expression = sql(_written(element), imports)
            pairs.append(sequence([expression, Text(operator)], ("(", ")")))
    return call(
        imports.name(POSTGRES, "ExcludeConstraint"), *pairs, name=Text(constraint.name), using=Text(index.method),
        where=sql(index.predicate, imports) if index.predicate else None,
        ops=mapping(operators) if operators else None, **_timing(constraint),
    )  # fmt: skip


def foreign_key(table: Table, constraint: Constraint, imports: Imports, *, inline: bool) -> Item:
    """Return a foreign key in words: for the argument of its one column, or for the table's."""
    place = f"{constraint.target_schema}.{constraint.target}"
    targets = [f"{place}.{column}" for column in constraint.target_columns]
    further = {
        "name": named(table, "f", constraint),
        "onupdate": _text(ACTIONS[constraint.on_update]),
        "ondelete": _text(_on_delete(constraint)),
        "match": Text("FULL") if constraint.match == "f" else None,
        **_timing(constraint),
    }
    not_valid = None if constraint.validated else Code("True")
    if inline:
        return call(imports.name(CORE, "ForeignKey"), Text(targets[0]), **further, postgresql_not_valid=not_valid)
    name = imports.name(CORE, "ForeignKeyConstraint")
    both = (sequence(texts(constraint.columns)), sequence(texts(targets)))
    return call(name, *both, **further, postgresql_not_valid=not_valid)


def index_item(table: Table, index: Index, imports: Imports) -> Item:
    """Return an index in words."""
    operators: dict[str, Item] = {}
    elements = [_element(element, operators, imports) for element in index.elements]
    columns = [item.text for item in elements if isinstance(item, Text)]
    plain = len(columns) == len(elements) and conventional(table, "i", columns, index.name)
    name = Code("None") if plain else Text(index.name)
    return call(
        imports.name(CORE, "Index"), name, *elements,
        unique=_flag(index.unique),
        postgresql_using=Text(index.method) if index.method != "btree" else None,
        postgresql_ops=mapping(operators) if operators else None,
        postgresql_include=sequence(texts(index.included)) if index.included else None,
        postgresql_where=sql(index.predicate, imports) if index.predicate else None,
        postgresql_with=_options(index.options),
        postgresql_nulls_not_distinct=_flag(index.nulls_not_distinct),
    )  # fmt: skip


def _element(element: Element, operators: dict[str, Item], imports: Imports) -> Item:
    if element.column is not None and _is_column(replace(element, operators=None)):
        if element.operators:
            operators[element.column] = Text(element.operators)
        return Text(element.column)
    if (
        element.column is None
        and element.operators
        and _is_column(replace(element, operators=None), any_expression=True)
    ):
        operators[element.expression] = Text(element.operators)
        return call(imports.name(CORE, "literal_column"), Text(element.expression))
    return sql(_written(element), imports)


def _is_column(element: Element, *, any_expression: bool = False) -> bool:
    plain = any_expression or element.column is not None
    ordered = element.descending or element.nulls_first
    return plain and not element.collation and not element.operators and not ordered


def _written(element: Element) -> str:
    parts = [element.expression]
    if element.collation:
        parts.append(f"COLLATE {element.collation}")
    if element.operators:
        parts.append(element.operators)
    if element.descending:
        parts.append("DESC" if element.nulls_first else "DESC NULLS LAST")
    elif element.nulls_first:
        parts.append("NULLS FIRST")
    return " ".join(parts)


def _options(options: Sequence[str]) -> Item | None:
    pairs = (option.partition("=") for option in options)
    return mapping({name: Text(value) for name, _, value in pairs}) if options else None


def _on_delete(constraint: Constraint) -> str | None:
    action = ACTIONS[constraint.on_delete]
    columns = ACTION_COLUMNS.search(constraint.definition)
    return f"{action} {columns[1]}" if action and columns else action


def _extra(table: Table, constraint: Constraint) -> bool:
    index = _index_of(table, constraint)
    return bool(index.included) or index.nulls_not_distinct


def _index_of(table: Table, constraint: Constraint) -> Index:
    return next(index for index in table.indexes if index.oid == constraint.index)


def _timing(constraint: Constraint) -> dict[str, Item | None]:
    initially = Text("DEFERRED") if constraint.deferred else None
    return {"deferrable": _flag(constraint.deferrable), "initially": initially}


def _further(table: Table, constraint: Constraint) -> dict[str, Item | None]:
    index = _index_of(table, constraint)
    return {
        **_timing(constraint),
        "postgresql_include": sequence(texts(index.included)) if index.included else None,
        "postgresql_nulls_not_distinct": _flag(index.nulls_not_distinct),
    }


def _flag(value: bool) -> Item | None:
    return Code("True") if value else None


def _text(value: str | None) -> Item | None:
    return Text(value) if value is not None else None


def unsayable(table: Table) -> Iterator[str]:
    """Yield what of a table's constraints SQLAlchemy has no word for, a phrase each."""
    for constraint in table.constraints:
        if constraint.kind == "c" and constraint.no_inherit:
            yield f"NO INHERIT of {constraint.name} on {table.schema}.{table.name}"
        if constraint.definition.endswith(" NOT ENFORCED"):
            yield f"NOT ENFORCED of {constraint.name} on {table.schema}.{table.name}"
        if re.search(r"WITHOUT OVERLAPS|\bPERIOD ", constraint.definition) and constraint.kind in "puf":
            yield f"period of {constraint.name} on {table.schema}.{table.name}"
