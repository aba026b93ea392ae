"""Texts: into other text types, which may be shorter, and into uuid."""

from dataclasses import replace

from psycopg import sql

from payrollx_db.consolidate.plan.conversion.canonical import TEXTS, has_own_spaces, with_own_spaces
from payrollx_db.consolidate.plan.conversion.rule import Conversion, Servers, text_of
from payrollx_db.postgres.column_types import ColumnType

NAME_BYTES = 63
# What uuid_in accepts: hex digits, a hyphen after any group of four, braces around it all.
UUID_PATTERN = r"^([0-9A-Fa-f]{4}(-?[0-9A-Fa-f]{4}){7}|\{[0-9A-Fa-f]{4}(-?[0-9A-Fa-f]{4}){7}\})$"


def to_text(value: sql.Composable, source: ColumnType, target: ColumnType, _: Servers) -> Conversion | None:
    """Turn a text or an enum into a text, and any array into an array of texts."""
    if source.is_array and target.name == "_text" and target.built_in:
        return Conversion("to text[]", sql.SQL("{}::text[]").format(value), raises=False)
    if target.name not in TEXTS or not (source.name in TEXTS or source.kind == "e"):
        return None
    kept = has_own_spaces(source) and target.name != "bpchar"
    text = with_own_spaces(value) if kept else text_of(value)
    conversion = limited("to text" if not target.modifier else f"to {target.display}", text, target)
    return replace(conversion, sent=value) if source.kind == "e" else conversion  # enum_send gives the label


def limited(rule: str, text: sql.Composable, target: ColumnType) -> Conversion:
    """Return the conversion of ``text`` to a text type: what is too long is refused, and never cut.

    An explicit cast to varchar(n) would cut it silently; sent as text, the target's own input refuses it.
    """
    padded = None
    if target.name == "bpchar":  # spaces at its end are no part of its value
        padded = sql.SQL("{0} <> pg_catalog.rtrim({0}, ' ')").format(text)
    if target.name == "name":
        size = sql.SQL("pg_catalog.octet_length(pg_catalog.convert_to({}, 'UTF8')) <= {}")
        return Conversion(rule, text, size.format(text, sql.Literal(NAME_BYTES)), raises=False, late=True)
    if not target.modifier:
        return Conversion(rule, text, None, padded, raises=False)
    short = sql.SQL("pg_catalog.char_length({}) <= {}").format(text, sql.Literal(int(target.modifier)))
    return Conversion(rule, text, short, padded, raises=False, late=True)


def to_uuid(value: sql.Composable, source: ColumnType, target: ColumnType, _: Servers) -> Conversion | None:
    """Turn a text into a uuid."""
    if target.name != "uuid" or not target.built_in or source.name not in TEXTS:
        return None
    valid = sql.SQL("{} OPERATOR(pg_catalog.~) {}").format(value, sql.Literal(UUID_PATTERN))
    return Conversion("text to uuid", sql.SQL("{}::uuid").format(value), valid, written=text_of(value))
