"""A layout's own expressions: cast to what the target column takes, and held against what they were made of.

An expression may mean to change a value: `upper({name})` is no loss. What is judged is what nobody asked for, the
rounding and cutting of a cast: of the expression to the target's type, and within an expression that is a cast of one
column, and nothing else.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from psycopg import sql

from payrollx_db.consolidate.plan.conversion import arrays, labels, numbers, texts, times
from payrollx_db.consolidate.plan.conversion.bound import note
from payrollx_db.consolidate.plan.conversion.canonical import TEXTS
from payrollx_db.consolidate.plan.conversion.reading_back import changed, unchanged
from payrollx_db.consolidate.plan.conversion.rule import Conversion, Note, any_of, cast, differ, text_of
from payrollx_db.consolidate.plan.conversion.same import why_text
from payrollx_db.postgres.column_types import ColumnType, written_type

NAME = r"\(*\s*\{([^{}.]+)\}\s*\)*"
TYPE = r"[\w .\"]+(?:\([-\d,\s]+\))?[\w ]*(?:\[\])*"
FIRST = rf"\s*(?:{NAME}|CAST\s*\(\s*{NAME}\s+AS\s+({TYPE})\s*\))"
CASTS = re.compile(rf"{FIRST}((?:\s*::\s*{TYPE}\)*)*)\s*", re.IGNORECASE)
AT_ZONE = re.compile(rf"\s*\(?\s*{NAME}\s+AT\s+TIME\s+ZONE\s+'([^']+)'\s*\)?\s*", re.IGNORECASE)
LOCAL = frozenset({"date", "timestamp", "time"})
MOMENTS = frozenset({"timestamptz", "timetz"})

# to_jsonb writes each number with all its digits, whatever its type, and compares them as numbers. It takes ten times
# as long as most expressions, which are of a type whose numbers the target's all holds.
OTHER_NUMBER = """
CASE WHEN pg_catalog.pg_typeof({before}) IN ({held}) THEN false
  WHEN pg_catalog.to_jsonb({before}) = pg_catalog.to_jsonb({after}) THEN false
  ELSE pg_catalog.jsonb_typeof(pg_catalog.to_jsonb({before})) = 'number'
    AND pg_catalog.jsonb_typeof(pg_catalog.to_jsonb({after})) = 'number' END
"""


@dataclass(frozen=True)
class Casts:
    """The casts that an expression does to one column: the types that it writes, one after another."""

    column: str = ""
    types: tuple[str, ...] = ()


def casts(template: str) -> Casts:
    """Return the casts of ``template``; of no column where it does more than that with it."""
    match = CASTS.fullmatch(template)
    if match is None:
        return Casts()
    plain, within, first, others = match.groups()
    further = re.findall(rf"::\s*({TYPE})", others)
    return Casts(plain or within, tuple(text.strip() for text in (first, *further) if text))


def column_at_zone(template: str) -> tuple[str, str]:
    """Return the column that ``template`` moves to a time zone, and that zone; empty ones where it does more."""
    match = AT_ZONE.fullmatch(template)
    return (match[1], match[2]) if match else ("", "")


def derived(
    value: sql.Composable,
    target: ColumnType,
    column: sql.Composable | None = None,
    source: ColumnType | None = None,
    types: Sequence[str] = (),
    timezone: str = "UTC",
) -> Conversion:
    """Return a layout's own expression as ``target`` takes it.

    ``column``, of type ``source``, is what the expression casts to these ``types``, where it does nothing else. Local
    times of the source are in ``timezone``.
    """
    conversion = replace(_to_target(value, target), rule="derived")
    known = note(target)
    if column is None or source is None:
        return replace(conversion, raises=True, note=conversion.note or known)
    kinds = [source, *map(written_type, types), target]
    lossy = _changed_by_casts(conversion, column, kinds)
    return replace(conversion, lossy=lossy, raises=True, note=conversion.note or known or _at_utc(kinds, timezone))


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
    return _to_built_in(value, target)


def _to_built_in(value: sql.Composable, target: ColumnType) -> Conversion:
    text = why_text(target)
    if target.name == "xml":
        return Conversion("", text_of(value), text=text)
    if target.is_array and target.modifier and target.element is not None:
        return _to_limited_array(value, target, target.element)
    converted = cast(value, target)
    return Conversion("", converted, None, _rounded(value, converted, target), text=text)


def _to_limited_array(value: sql.Composable, target: ColumnType, element: ColumnType) -> Conversion:
    """Return an array of a type with a limit: texts that are too long are refused, and others that change are lossy."""
    bare = sql.SQL("({})::{}").format(value, sql.Identifier("pg_catalog", target.name))
    each = sql.Identifier("element")
    if element.name in TEXTS:
        limit = texts.limited("", text_of(each), element)
        valid = limit.valid and arrays.none(bare, sql.SQL("NOT {}").format(limit.valid))
        return Conversion("", bare, valid, limit.lossy and arrays.some(bare, limit.lossy), late=True)
    converted = cast(value, target)
    lossy = changed(bare, converted, target.bare, target)
    return Conversion("", converted, None, lossy)


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
        other = _other_number(value, converted, numbers.HELD[target.name])
        return any_of([other, differ(converted, cast(value, target.bare))]) if target.modifier else other
    if target.name == "money":
        return _other_number(value, sql.SQL("{}::numeric").format(converted), ("money",))
    if target.modifier and target.name in times.TIMES:
        return differ(text_of(converted), text_of(cast(value, target.bare)))
    full = {"bit": "({})::varbit", "varbit": "({})::varbit", "char": "{}"}.get(target.name)  # a "char" is one byte
    return None if full is None else differ(text_of(converted), text_of(sql.SQL(full).format(value)))


def _other_number(before: sql.Composable, after: sql.Composable, held: Sequence[str]) -> sql.Composable:
    types = sql.SQL(", ").join(sql.SQL("{}::pg_catalog.regtype").format(f"pg_catalog.{name}") for name in held)
    return sql.SQL("(" + " ".join(OTHER_NUMBER.split()) + ")").format(before=before, after=after, held=types)


def _changed_by_casts(
    conversion: Conversion, column: sql.Composable, kinds: Sequence[ColumnType]
) -> sql.Composable | None:
    """Return the condition that one of the casts of ``column`` changes it, the last one being ``conversion``."""
    *written, target = kinds
    before, lossy = column, []
    for source, kind in pairwise(written):
        after = sql.SQL("({})::{}").format(before, sql.SQL(kind.display))
        lossy.append(changed(before, after, source, kind))
        before = after
    if unchanged(written[-1], target) and target.name not in TEXTS:
        return any_of([condition for condition in lossy if condition is not None])
    last = changed(before, conversion.value, written[-1], target)
    if last is None or target.name in TEXTS or target.kind == "e":  # whose own condition looks at other things
        lossy.append(conversion.lossy)
    if target.name not in TEXTS or written[-1].name not in TEXTS:
        lossy.append(last)
    return any_of([condition for condition in lossy if condition is not None])


def _at_utc(kinds: Sequence[ColumnType], timezone: str) -> Note | None:
    """Return what is to be known where a cast takes local times as those of UTC, and the layout has them elsewhere."""
    if timezone in times.WITHOUT_SUMMER_TIME:
        return None
    for source, target in pairwise(kinds):
        pair = {source.name.removeprefix("_"), target.name.removeprefix("_")}
        textual = source.name in TEXTS and target.name in MOMENTS
        if textual or (pair & LOCAL and pair & MOMENTS and pair != {"time", "timetz"}):
            message = (
                f"a cast between {source.display} and {target.display} takes local times as UTC's, and the layout has"
                f" them in {timezone}; write AT TIME ZONE '{timezone}' in the derive expression"
            )
            return Note("cast-at-utc", "warn", message)
    return None
