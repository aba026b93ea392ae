"""A layout's own expressions: cast to what the target column takes, and held against what they were made of.

An expression may mean to change a value: `upper({name})` is no loss. What is judged is what nobody asked for, the
rounding and cutting of a cast: of the expression to the target's type, and within an expression that casts one column
or moves it to a time zone, and nothing else.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from psycopg import sql

from payrollx_db.consolidate.plan.conversion import arrays, documents, labels, numbers, texts, times
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
AT_ZONE = re.compile(r"(?P<moved>.+?)\s+AT\s+TIME\s+ZONE\s+'(?P<zone>[^']+)'", re.IGNORECASE | re.DOTALL)
TIMEZONE = re.compile(
    r"(?:pg_catalog\s*\.\s*)?timezone\s*\(\s*'(?P<zone>[^']+)'\s*,\s*(?P<moved>.+)\)", re.IGNORECASE | re.DOTALL
)
TO_JSONB = re.compile(r"(?:pg_catalog\s*\.\s*)?to_jsonb\s*\((?P<given>.+)\)", re.IGNORECASE | re.DOTALL)
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
class AtZone:
    """The step from local times of a zone to moments, or back."""

    timezone: str


@dataclass(frozen=True)
class ToJsonb:
    """The step by to_jsonb(): of a document it is a cast, and of all else it makes a new one."""


Step = str | AtZone | ToJsonb  # a type's name as the layout writes it: a cast


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
    column, taken = steps(template)
    return (column, taken[0].timezone) if len(taken) == 1 and isinstance(taken[0], AtZone) else ("", "")


def steps(template: str) -> tuple[str, tuple[Step, ...]]:
    """Return the one column that ``template`` casts or moves to time zones, and how; none where it does more."""
    bare = _without_parentheses(template)
    match = AT_ZONE.fullmatch(bare) or TIMEZONE.fullmatch(bare)
    document = TO_JSONB.fullmatch(bare)
    if document is not None:
        column, before = steps(document["given"])
        return column, (*before, ToJsonb()) if column else ()
    if match is None:
        found = casts(template)
        return found.column, found.types
    column, before = steps(match["moved"])
    return column, (*before, AtZone(match["zone"])) if column else ()


def _without_parentheses(template: str) -> str:
    """Return ``template`` without those parentheses that are around all of it."""
    text = template.strip()
    while text.startswith("(") and text.endswith(")"):
        depths = list(accumulate({"(": 1, ")": -1}.get(letter, 0) for letter in text))
        if 0 in depths[:-1]:
            break
        text = text[1:-1].strip()
    return text


def derived(
    value: sql.Composable,
    target: ColumnType,
    column: sql.Composable | None = None,
    source: ColumnType | None = None,
    taken: Sequence[Step] = (),
    timezone: str = "UTC",
) -> Conversion:
    """Return a layout's own expression as ``target`` takes it.

    ``column``, of type ``source``, is what the expression takes these steps with, where it does nothing else. Local
    times of the source are in ``timezone``.
    """
    conversion = replace(_to_target(value, target), rule="derived")
    known = note(target)
    if column is None or source is None:
        return replace(conversion, raises=True, note=conversion.note or known)
    way = _Way(column, source)
    if not all(way.take(step) for step in taken):
        return replace(conversion, raises=True, note=conversion.note or known)
    way.end(conversion, target)
    told = conversion.note or known or _at_utc(way.casts, timezone)
    return replace(conversion, lossy=any_of(way.lossy), ambiguous=any_of(way.ambiguous), raises=True, note=told)


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
    if target.name == "jsonb":
        return documents.other_document(value, converted)
    if target.modifier and target.name in times.TIMES:
        return differ(text_of(converted), text_of(cast(value, target.bare)))
    full = {"bit": "({})::varbit", "varbit": "({})::varbit", "char": "{}"}.get(target.name)  # a "char" is one byte
    return None if full is None else differ(text_of(converted), text_of(sql.SQL(full).format(value)))


def _other_number(before: sql.Composable, after: sql.Composable, held: Sequence[str]) -> sql.Composable:
    types = sql.SQL(", ").join(sql.SQL("{}::pg_catalog.regtype").format(f"pg_catalog.{name}") for name in held)
    return sql.SQL("(" + " ".join(OTHER_NUMBER.split()) + ")").format(before=before, after=after, held=types)


@dataclass
class _Way:
    """Goes with a column's value from step to step, and collects the conditions that a step changed it.

    ``casts`` are those before the value is moved to a zone.
    """

    value: sql.Composable
    kind: ColumnType
    lossy: list[sql.Composable] = field(default_factory=list)
    ambiguous: list[sql.Composable] = field(default_factory=list)
    casts: list[tuple[ColumnType, ColumnType]] = field(default_factory=list)
    zoned: bool = False

    def take(self, step: Step) -> bool:
        """Take one step; false where nothing is known of it."""
        if isinstance(step, AtZone):
            return self._move(step)
        if isinstance(step, ToJsonb):
            return self.kind.built_in and self.kind.name in ("json", "jsonb") and self.take("jsonb")
        kind = written_type(step)
        value = sql.SQL("({})::{}").format(self.value, sql.SQL(kind.display))
        condition = changed(self.value, value, self.kind, kind)
        self.lossy += [] if condition is None else [condition]
        self._arrive(value, kind)
        return True

    def _move(self, step: AtZone) -> bool:
        if self.kind.built_in and self.kind.name == "date":  # the server makes it a moment first
            self.take("timestamptz")
        other = {"timestamp": "timestamptz", "timestamptz": "timestamp"}.get(self.kind.name)
        if other is None or not self.kind.built_in:
            return False
        zone = sql.Literal(step.timezone)
        moved = sql.SQL("({} AT TIME ZONE {})").format(self.value, zone)
        if step.timezone not in times.WITHOUT_SUMMER_TIME:
            self.lossy.append(sql.SQL("{} AT TIME ZONE {} <> {}").format(moved, zone, self.value))
            if self.kind.name == "timestamp":
                self.ambiguous.append(times.twice(self.value, moved, zone))
        self.value, self.kind, self.zoned = moved, written_type(other), True
        return True

    def _arrive(self, value: sql.Composable, kind: ColumnType) -> None:
        self.casts += [] if self.zoned else [(self.kind, kind)]
        self.value, self.kind = value, kind

    def end(self, conversion: Conversion, target: ColumnType) -> None:
        """Take the last step, which is ``conversion``."""
        if unchanged(self.kind, target) and target.name not in TEXTS:
            return
        last = changed(self.value, conversion.value, self.kind, target)
        textual = target.name in TEXTS
        if conversion.lossy is not None and (last is None or textual or target.kind == "e"):
            self.lossy.append(conversion.lossy)  # whose own condition looks at other things
        if last is not None and not (textual and self.kind.name in TEXTS):
            self.lossy.append(last)
        self._arrive(conversion.value, target)


def _at_utc(casts: Sequence[tuple[ColumnType, ColumnType]], timezone: str) -> Note | None:
    """Return what is to be known where a cast takes local times as those of UTC, and the layout has them elsewhere."""
    if timezone in times.WITHOUT_SUMMER_TIME:
        return None
    for source, target in casts:
        pair = {source.name.removeprefix("_"), target.name.removeprefix("_")}
        textual = source.name in TEXTS and target.name in MOMENTS
        if textual or (pair & LOCAL and pair & MOMENTS and pair != {"time", "timetz"}):
            message = (
                f"a cast between {source.display} and {target.display} takes local times as UTC's, and the layout has"
                f" them in {timezone}; write AT TIME ZONE '{timezone}' in the derive expression"
            )
            return Note("cast-at-utc", "warn", message)
    return None
