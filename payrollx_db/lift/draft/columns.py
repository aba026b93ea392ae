"""A column of a model or of a plain table: its type, key, default and what else is said of it, as arguments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from payrollx_db.lift.draft import constraints
from payrollx_db.lift.draft.database import Column, Table
from payrollx_db.lift.draft.source import Code, Imports, Item, Named, Text, call
from payrollx_db.lift.draft.types import CORE, Types, Use

LITERAL = re.compile(r"'([^'\\]*)'::(.+)")
TEXTS = frozenset({"text", "character varying"})
NOW = "now()"
NEXTVAL = re.compile(r"nextval\('(.+)'::regclass\)")
INTEGERS = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


@dataclass(frozen=True)
class Said:
    """What a column's own arguments say of constraints and indexes, so that the table needn't."""

    primary_key: bool = False
    unique: bool = False
    index: bool = False
    foreign_key: Item | None = None
    info: Item | None = None
    type_follows: bool = False  # the foreign key leads to a column of the same type and service, which says it


def arguments(
    table: Table, column: Column, types: Types, imports: Imports, said: Said, *, model: bool, attribute: str = ""
) -> tuple[str, list[Item]]:
    """Return the annotation of a column, and the arguments behind its name."""
    use = types.use(column)
    nullable = is_nullable(column, types)
    items: list[Item] = []
    if attribute != column.name:
        items.append(Text(column.name))
    if not (model and use.implied and (said.type_follows or not said.foreign_key)):
        items.append(types.explicit(use))
    if said.foreign_key:
        items.append(said.foreign_key)
    items += _generated(column, imports)
    items += _flags(table, column, use, said, nullable=nullable, model=model)
    if default := _default(table, column, types, imports):
        items.append(Named("server_default", default))
    if column.comment is not None:
        items.append(Named("comment", Text(column.comment)))
    if said.info:
        items.append(Named("info", said.info))
    if not model:
        return "", items
    annotation = types.annotation(use)
    return (f"{annotation} | None" if nullable and not use.loose else annotation), items


def is_nullable(column: Column, types: Types) -> bool:
    """Tell whether a column takes NULL; a domain may forbid it as well."""
    return not column.not_null and not types.forbids_null(column.type)


def serial(table: Table, column: Column) -> bool:
    """Tell whether the column counts by a sequence of its own, named as Postgres names that of a serial column."""
    match = NEXTVAL.fullmatch(column.default or "")
    return bool(
        match
        and column.sequence_schema == table.schema
        and column.sequence == f"{table.name}_{column.name}_seq"
        and _plain_sequence(column)
        and column.written in INTEGERS
    )


def counts_beside_key(table: Table, column: Column) -> bool:
    """Tell whether a column beside the key counts by a sequence of its own: Alembic doesn't read such a default."""
    in_key = table.key is not None and column.name in table.key.columns
    owned = column.sequence is not None and NEXTVAL.fullmatch(column.default or "")
    return bool(owned) and not in_key and column.written in {"integer", "bigint"}


def _flags(table: Table, column: Column, use: Use, said: Said, *, nullable: bool, model: bool) -> Iterator[Item]:
    key = table.key
    if said.primary_key:
        yield Named("primary_key", Code("True"))
    in_key = key is not None and column.name in key.columns
    if key and in_key and column.written in INTEGERS:
        points = any(column.name in key.columns for key in table.of_kind("f"))
        counts = _counts(table, column, alone=len(key.columns) == 1 and not points)
        yield from [Named("autoincrement", Code(counts))] if counts else []
    if (not model and not nullable and not in_key) or (model and use.loose and not in_key):
        yield Named("nullable", Code(str(nullable)))
    if said.unique:
        yield Named("unique", Code("True"))
    if said.index:
        yield Named("index", Code("True"))


def _counts(table: Table, column: Column, *, alone: bool) -> str:
    """Return what ``autoincrement`` has to be, where SQLAlchemy would guess otherwise."""
    if column.identity:
        return ""
    if serial(table, column):
        return "" if alone else "True"
    owned = bool(column.sequence and NEXTVAL.fullmatch(column.default or ""))
    if owned:
        return "True"
    return "False" if alone and column.default is None else ""


def _default(table: Table, column: Column, types: Types, imports: Imports) -> Item | None:
    default = types.default(column)
    in_key = table.key is not None and column.name in table.key.columns
    if default is None or column.generated or (in_key and serial(table, column)):
        return None
    if default == NOW:
        imports.name(CORE, "func")
        return Code("func.now()")
    match = LITERAL.fullmatch(default)
    if match and (match[2] in TEXTS or match[2] == column.written) and types.is_textual(column):
        return Text(match[1])
    if match := NEXTVAL.fullmatch(default):
        if counts_beside_key(table, column):
            return call(imports.name(CORE, "FetchedValue"))
        default = f"nextval('{match[1]}')"  # as Alembic compares it
    return constraints.sql(default, imports)


def _generated(column: Column, imports: Imports) -> Iterator[Item]:
    if column.generated:
        persisted = Named("persisted", Code(str(column.generated == "s")))
        yield call(imports.name(CORE, "Computed"), Text(constraints.escaped(column.default or "")), persisted)
    if column.identity:
        options = [Named("always", Code("True"))] if column.identity == "a" else []
        options += [Named(name, Code(str(value))) for name, value in _sequence_options(column).items()]
        yield call(imports.name(CORE, "Identity"), *options)


def _sequence_options(column: Column) -> dict[str, object]:
    """Return what of a column's sequence isn't as usual."""
    given = dict(column.sequence_options or {})
    rising = given.get("increment", 1) > 0
    largest = INTEGERS.get(given.get("type", "bigint"), INTEGERS["bigint"])
    lowest, highest = (1, largest) if rising else (-largest - 1, -1)
    usual = {
        "start": given.get("minvalue" if rising else "maxvalue", 1), "increment": 1, "minvalue": lowest,
        "maxvalue": highest, "cache": 1, "cycle": False,
    }  # fmt: skip
    return {name: given[name] for name, value in usual.items() if name in given and given[name] != value}


def _plain_sequence(column: Column) -> bool:
    options = column.sequence_options or {}
    return not _sequence_options(column) and options.get("type") == column.written
