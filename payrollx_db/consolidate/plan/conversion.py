"""The general rules: what a column is called over there, how its values get there, and in which form
both sides are compared.

Everything here is an SQL expression for the source server to compute (law 3); no row value is ever
seen by Python. A rule that isn't here is one that the layout has to state (`derive`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from psycopg import sql

from payrollx_db.postgres.introspect import ColumnType

TEXTS = frozenset({"text", "varchar", "bpchar", "name", "citext"})
WIDER = {  # each holds every value of those before it
    "int2": ("int4", "int8", "numeric"),
    "int4": ("int8", "numeric", "float8"),
    "int8": ("numeric",),
    "float4": ("float8",),
    "date": ("timestamp",),
    "json": ("jsonb",),
}
TRUNCATING = frozenset({"numeric", "timestamp", "timestamptz", "time", "timetz", "interval"})

# What uuid_in accepts: hex digits, a hyphen after any group of four, braces around it all.
UUID_PATTERN = r"^([0-9A-Fa-f]{4}(-?[0-9A-Fa-f]{4}){7}|\{[0-9A-Fa-f]{4}(-?[0-9A-Fa-f]{4}){7}\})$"

# Types that can be compared as they are: with a hash for their keys, and a binary form that both servers share.
# (Not interval: a month equals thirty days. Not json: it has no equality at all.)
HASHABLE = frozenset({
    "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "uuid", "date", "time", "timetz",
    "timestamp", "timestamptz", "bytea", "jsonb", "inet", "cidr", "macaddr", "macaddr8", "oid",
})  # fmt: skip


@dataclass(frozen=True)
class Conversion:
    """How one column's values get to their target type.

    ``value`` is the expression; ``valid`` is true of the values that it accepts (``None``: it accepts
    all), and ``raises`` says that the source's server refuses the others itself; ``lossy`` is true of
    values that it would change without a word (``None``: never). ``code`` is what a value that isn't
    ``valid`` is called when it is found.
    """

    rule: str
    value: sql.Composable
    valid: sql.Composable | None = None
    lossy: sql.Composable | None = None
    raises: bool = True
    code: Literal["unconvertible", "enum-unknown"] = "unconvertible"


def snake_case(name: str) -> str:
    """Return the target's name for a source column: ``keyShareIds`` → ``key_share_ids``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def convert(value: sql.Composable, source: ColumnType, target: ColumnType, timezone: str) -> Conversion | None:
    """Return how ``value``, an expression of type ``source``, becomes ``target``; ``None`` if no rule says it.

    ``timezone`` is what naive timestamps of the source are in.
    """
    attempts: tuple[Callable[[], Conversion | None], ...] = (
        lambda: _to_enum(value, source, target),
        lambda: _same(value, source, target),
        lambda: _to_text(value, source, target),
        lambda: _to_uuid(value, source, target),
        lambda: _to_timestamptz(value, source, target, timezone),
        lambda: _wider(value, source, target),
    )
    return next((conversion for attempt in attempts if (conversion := attempt()) is not None), None)


def derived(value: sql.Composable, target: ColumnType) -> Conversion:
    """Return a layout's own expression, cast to what the target column takes."""
    if target.kind == "e":
        return _labelled("derived", sql.SQL("({})::text").format(value), target)
    return Conversion("derived", cast_to(value, target))


def canonical(value: sql.Composable, kind: ColumnType) -> sql.Composable:
    """Return ``value``, an expression of the target's type, in the form in which sides are compared (law 4).

    Enums compare by label, because their hash is of an OID that differs between databases; text by its
    bytes (collation C); what has no proper equality of its own by its text.
    """
    if kind.kind == "e" or kind.name in TEXTS:
        return sql.SQL('({})::text COLLATE "C"').format(value)
    if kind.element_kind in ("e", "c"):
        return sql.SQL("({})::text[]").format(value)
    plain_array = kind.element_kind == "b" and kind.name.removeprefix("_") in HASHABLE | TEXTS
    built_in_range = kind.kind in ("r", "m") and kind.schema == "pg_catalog"
    if built_in_range or plain_array or (kind.kind == "b" and kind.name in HASHABLE):
        # The binary form names the type, and a domain over it would be another one.
        return sql.SQL("({})::{}").format(value, sql.Identifier("pg_catalog", kind.name))
    return sql.SQL('({})::text COLLATE "C"').format(value)


def cast_to(value: sql.Composable, target: ColumnType) -> sql.Composable:
    """Return ``value`` cast to a built-in ``target``; unchanged where the type is the database's own."""
    if target.schema != "pg_catalog":
        return value
    return sql.SQL("({})::{}").format(value, type_name(target))


def type_name(kind: ColumnType) -> sql.SQL:
    """Return a built-in type's name as SQL. It comes from `format_type`, whose words are the server's own."""
    return sql.SQL(kind.display)


def _same(value: sql.Composable, source: ColumnType, target: ColumnType) -> Conversion | None:
    if (source.schema, source.name) != (target.schema, target.name) or source.kind == "c":
        return None
    if source.element_kind in ("e", "c"):
        return None  # binary arrays carry their element type's OID, which differs between databases
    if not target.modifier or source.modifier == target.modifier:
        return Conversion("same type", value)
    if target.name in TEXTS:
        return _to_text(value, source, target)
    if target.name not in TRUNCATING:
        return None
    cast = cast_to(value, target)
    valid = _fits(value, target) if target.name == "numeric" else None
    return Conversion(f"to {target.display}", cast, valid, sql.SQL("{} <> {}").format(cast, value))


def _fits(value: sql.Composable, target: ColumnType) -> sql.Composable | None:
    precision, _, scale = target.modifier.partition(",")
    template = sql.SQL("({v} = 'NaN' OR pg_catalog.abs(pg_catalog.round({v}, {s})) < {limit}::numeric)")
    limit = sql.Literal("1" + "0" * (int(precision) - int(scale or 0)))
    return template.format(v=value, s=sql.Literal(int(scale or 0)), limit=limit)


def _to_text(value: sql.Composable, source: ColumnType, target: ColumnType) -> Conversion | None:
    if source.element_kind and target.name == "_text" and target.schema == "pg_catalog":
        return Conversion("to text[]", sql.SQL("{}::text[]").format(value))
    if target.name not in TEXTS or not (source.name in TEXTS or source.kind == "e"):
        return None
    text = sql.SQL("{}::text").format(value)
    if not target.modifier:
        return Conversion("to text", text)
    # An explicit cast to varchar(n) cuts silently; sent as text, the target's own input refuses what is too long.
    short = sql.SQL("pg_catalog.char_length({}) <= {}").format(text, sql.Literal(int(target.modifier)))
    return Conversion(f"to {target.display}", text, short, raises=False)


def _to_uuid(value: sql.Composable, source: ColumnType, target: ColumnType) -> Conversion | None:
    if target.name != "uuid" or source.name not in TEXTS:
        return None
    valid = sql.SQL("{} OPERATOR(pg_catalog.~) {}").format(value, sql.Literal(UUID_PATTERN))
    return Conversion("text to uuid", sql.SQL("{}::uuid").format(value), valid)


def _to_timestamptz(value: sql.Composable, source: ColumnType, target: ColumnType, timezone: str) -> Conversion | None:
    if (source.name, target.name) != ("timestamp", "timestamptz"):
        return None
    moment = sql.SQL("({} AT TIME ZONE {})").format(value, sql.Literal(timezone))
    if not target.modifier:
        return Conversion(f"timestamp at {timezone}", moment)
    cut = cast_to(moment, target)
    return Conversion(f"timestamp at {timezone}", cut, None, sql.SQL("{} <> {}").format(cut, moment))


def _wider(value: sql.Composable, source: ColumnType, target: ColumnType) -> Conversion | None:
    if target.name not in WIDER.get(source.name, ()) or target.schema != "pg_catalog":
        return None
    fits = _fits(sql.SQL("{}::numeric").format(value), target) if target.name == "numeric" and target.modifier else None
    return Conversion(f"{source.name} to {target.name}", cast_to(value, target), fits)


def _to_enum(value: sql.Composable, source: ColumnType, target: ColumnType) -> Conversion | None:
    if target.kind != "e" or not (source.kind == "e" or source.name in TEXTS):
        return None
    # enum_recv reads a label's text, so the target's type need not exist on the source's server.
    known = source.kind == "e" and set(source.labels) <= set(target.labels)
    rule, label = "enum by its label", sql.SQL("{}::text").format(value)
    return Conversion(rule, label, raises=False) if known else _labelled(rule, label, target)


def _labelled(rule: str, text: sql.Composable, target: ColumnType) -> Conversion:
    """Return a conversion to the enum ``target`` of what may be none of its labels."""
    labels = sql.SQL(", ").join(sql.Literal(label) for label in target.labels)
    return Conversion(rule, text, sql.SQL("{} IN ({})").format(text, labels), raises=False, code="enum-unknown")
