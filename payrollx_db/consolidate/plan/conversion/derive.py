"""A layout's own expressions: cast to what the target column takes, and held against what they were made of.

An expression may mean to change a value: `upper({name})` is no loss. What is judged is what nobody asked for, the
rounding and cutting of a cast: of the expression to the target's type, and within an expression that is a cast of one
column, and nothing else.
"""

import re
from dataclasses import replace

from psycopg import sql

from payrollx_db.consolidate.plan.conversion import documents, labels, numbers, texts, times
from payrollx_db.consolidate.plan.conversion.bound import note
from payrollx_db.consolidate.plan.conversion.canonical import HASHABLE, TEXTS
from payrollx_db.consolidate.plan.conversion.rule import Conversion, any_of, cast, differ, text_of
from payrollx_db.consolidate.plan.conversion.same import why_text
from payrollx_db.postgres.column_types import ColumnType

NAME = r"\(*\s*\{([^{}.]+)\}\s*\)*"
TYPE = r"[\w .\"]+(?:\([\d,\s]+\))?[\w ]*(?:\[\])*"
CASTS = re.compile(rf"\s*(?:{NAME}|CAST\s*\(\s*{NAME}\s+AS\s+{TYPE}\s*\))(?:\s*::\s*{TYPE}\)*)*\s*", re.IGNORECASE)
AT_ZONE = re.compile(rf"\s*\(?\s*{NAME}\s+AT\s+TIME\s+ZONE\s+'([^']+)'\s*\)?\s*", re.IGNORECASE)
DATES = frozenset({"date", "timestamp", "timestamptz"})

# to_jsonb writes each number with all its digits, whatever its type, and compares them as numbers.
OTHER_NUMBER = """
(SELECT pg_catalog.jsonb_typeof(n.before) = 'number' AND pg_catalog.jsonb_typeof(n.after) = 'number'
   AND n.before <> n.after
 FROM (SELECT pg_catalog.to_jsonb({before}) AS before, pg_catalog.to_jsonb({after}) AS after OFFSET 0) AS n)
"""
OTHER_TEXT = "{}::numeric <> {}::text::numeric"


def cast_column(template: str) -> str:
    """Return the one column that ``template`` casts, and does nothing else with; empty where it does more."""
    match = CASTS.fullmatch(template)
    return (match[1] or match[2] or "") if match else ""


def column_at_zone(template: str) -> tuple[str, str]:
    """Return the column that ``template`` moves to a time zone, and that zone; empty ones where it does more."""
    match = AT_ZONE.fullmatch(template)
    return (match[1], match[2]) if match else ("", "")


def derived(
    value: sql.Composable,
    target: ColumnType,
    column: sql.Composable | None = None,
    source: ColumnType | None = None,
    rule: Conversion | None = None,
) -> Conversion:
    """Return a layout's own expression as ``target`` takes it.

    ``column``, of type ``source``, is what the expression casts, where it does nothing else; ``rule`` is how it
    would be converted without the expression, if any rule says it.
    """
    conversion = replace(_to_target(value, target), rule="derived")
    unlike = _unlike(conversion.value, target, column, source)
    numbered = (
        source is not None and {source.name, target.name} <= numbers.NUMBERS
    )  # which covers the last cast as well
    lossy = [unlike] if numbered else [conversion.lossy, unlike]
    if target.is_array and target.built_in and rule is not None:  # which looks at each element
        lossy += [rule.lossy, _other_array(conversion.value, rule.value, target)]
    judged = any_of([condition for condition in lossy if condition is not None])
    return replace(conversion, lossy=judged, raises=True, note=conversion.note or note(target))


def derived_at_zone(column: sql.Composable, target: ColumnType, timezone: str) -> Conversion:
    """Return the conversion of local times that a layout moves to a zone of its own."""
    return replace(times.at_zone(column, target, timezone), rule="derived")


def _to_target(value: sql.Composable, target: ColumnType) -> Conversion:
    """Return how a value of an unknown type becomes one of ``target``, and what that would change."""
    if target.kind == "e":
        return labels.labelled("", text_of(value), target)
    if target.is_array and not target.built_in:
        return _to_array(value, target)
    if not target.built_in and target.name not in TEXTS:
        # The target's own input reads it: this server may not have the type.
        return Conversion("", text_of(value), text=f"only the target knows {target.display}")
    if target.name in TEXTS:
        return texts.limited("", text_of(value), target)
    text = why_text(target)
    if target.name == "xml":
        return Conversion("", text_of(value), text=text)
    converted = cast(value, target)
    return Conversion("", converted, None, _rounded(value, converted, target), text=text)


def _to_array(value: sql.Composable, target: ColumnType) -> Conversion:
    """Return an array of one of the database's own types: of enums by their labels, of others as text."""
    element = target.element
    if element is None or element.kind != "e":
        return Conversion("", text_of(value), text=f"only the target knows {target.display}")
    # By way of its text, be it an array of enums, of texts, or written as one.
    listed = sql.SQL("({})::text::text[]").format(value)
    known = labels.is_label(sql.Identifier("label"), element.labels)
    valid = sql.SQL("NOT EXISTS (SELECT FROM pg_catalog.unnest({}) AS e (label) WHERE NOT {})").format(listed, known)
    return Conversion("", listed, valid, late=True, code="enum-unknown")


def _rounded(value: sql.Composable, converted: sql.Composable, target: ColumnType) -> sql.Composable | None:
    """Return the condition that the cast to ``target`` changes the expression's value."""
    if target.name in numbers.NUMBERS:
        other = _other_number(value, converted)
        if not target.modifier:
            return other
        return any_of([other, differ(converted, cast(value, target.bare))])
    if target.name == "money":
        return _other_number(value, sql.SQL("{}::numeric").format(converted))
    if target.modifier and target.name in times.TIMES:
        return differ(text_of(converted), text_of(cast(value, target.bare)))
    if target.name in ("bit", "varbit"):
        return differ(text_of(converted), sql.SQL("(({})::varbit)::text").format(value))
    return None


def _unlike(
    converted: sql.Composable, target: ColumnType, column: sql.Composable | None, source: ColumnType | None
) -> sql.Composable | None:
    """Return the condition that ``column`` doesn't read back from what it was cast to."""
    if column is None or source is None or not source.built_in:
        return None
    number, textual = source.name in numbers.NUMBERS, source.name in TEXTS
    back = differ(sql.SQL("({})::{}").format(converted, sql.SQL(source.bare.display)), column)
    cases: tuple[tuple[bool, sql.Composable], ...] = (
        (number and target.name in numbers.NUMBERS, differ(_exact(column, source), _exact(converted, target))),
        (number and target.name == "bool", sql.SQL("({})::int4 <> {}").format(converted, column)),
        (source.name in DATES and target.name in DATES, back),
        ((number or source.name in DATES) and target.name in TEXTS, back),
        (target.name == "jsonb" and (textual or source.name == "json"), documents.key_twice(column, converted)),
        (textual and target.name in numbers.FLOATS, sql.SQL(OTHER_TEXT).format(column, converted)),
    )
    return next((condition for applies, condition in cases if applies), None)


def _other_array(one: sql.Composable, other: sql.Composable, target: ColumnType) -> sql.Composable | None:
    """Return the condition that two arrays differ, whose elements have an equality."""
    if target.element is None or target.element.name not in HASHABLE:
        return None
    return differ(one, sql.SQL("({})::{}").format(other, sql.SQL(target.display)))


def _exact(number: sql.Composable, kind: ColumnType) -> sql.Composable:
    """Return a number as a numeric with all its digits."""
    return sql.SQL("{}::text::numeric" if kind.name in numbers.FLOATS else "{}::numeric").format(number)


def _other_number(before: sql.Composable, after: sql.Composable) -> sql.Composable:
    return sql.SQL(" ".join(OTHER_NUMBER.split())).format(before=before, after=after)
