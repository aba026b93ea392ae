"""One value's way back: the inverse of each rule, as an SQL expression for the target's server.

An inverse says which of the target's values the legacy column takes (``valid``), what it silently cuts off those that
no legacy row has had (``cuts``), and whether it is the identity by construction (``exact``): because the value crosses
in one form both ways, whatever it is. Everything else is proven row by row (`check.reversible`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from psycopg import sql

from payrollx_db.consolidate.plan import conversion as rules
from payrollx_db.consolidate.plan.conversion import arrays, derive, labels, numbers, texts, times
from payrollx_db.consolidate.plan.conversion.canonical import TEXTS
from payrollx_db.consolidate.plan.conversion.rule import Conversion, Servers, cast, text_of
from payrollx_db.consolidate.plan.conversion.same import difference
from payrollx_db.consolidate.plan.inverse import losses
from payrollx_db.postgres.column_types import ColumnType


@dataclass(frozen=True)
class Inverse:
    """How values of a target column become values of a legacy column again.

    ``value`` is over the target's row; ``valid`` is true of what the legacy column takes (``None``: all), and
    ``refuses`` says what it doesn't take. ``cuts`` says what is cut off values that are new in the target. ``text`` is
    as in a conversion.
    """

    rule: str
    value: sql.Composable
    exact: bool = False
    valid: sql.Composable | None = None
    refuses: str = ""
    cuts: str = ""
    text: str = ""


def inverse(
    value: sql.Composable, legacy: ColumnType, target: ColumnType, servers: Servers, *, timezone: str
) -> Inverse | None:
    """Return how ``value``, of type ``target``, becomes ``legacy`` again; ``None`` where no rule says it.

    ``servers`` are those of the way back: ``target_version`` is the legacy server's. ``timezone`` is the one that the
    column's local times are in.
    """
    if difference(legacy, target):
        for rule in RULES:
            conversion = rule(value, legacy, target, timezone)
            if conversion is not None:
                return _of(conversion, legacy, target)
    conversion = rules.convert(value, target, legacy, servers)
    if conversion is None:
        conversion = arrays.each_element(value, target, legacy, servers, _by_cast(timezone))
    return None if conversion is None else _of(conversion, legacy, target)


def cast_back(value: sql.Composable, legacy: ColumnType, target: ColumnType) -> Inverse:
    """Return the inverse of a layout's own cast of one column: a cast to what it was."""
    return replace(_of(derive.derived(value, legacy), legacy, target), rule="cast back", exact=False)


def stated(value: sql.Composable, legacy: ColumnType) -> Inverse:
    """Return a layout's own inverse, as the legacy column takes it."""
    conversion = derive.derived(value, legacy)
    refuses = losses.refused(legacy) if conversion.valid is not None else ""
    return Inverse("stated", conversion.value, valid=conversion.valid, refuses=refuses, text=conversion.text)


def empty_again(back: Inverse, *, nullable: bool) -> Inverse:
    """Return the inverse of a column whose empty texts became NULL: they are empty again where it takes no NULL.

    Where it takes both, NULL comes back, and the empty texts don't.
    """
    value = back.value if nullable else sql.SQL("coalesce({}, '')").format(back.value)
    return replace(back, value=value, exact=False)


def _of(conversion: Conversion, legacy: ColumnType, target: ColumnType) -> Inverse:
    if losses.takes_all(legacy, target):
        conversion = replace(conversion, valid=None)
    refuses = losses.refused(legacy, target) if conversion.valid is not None else ""
    exact, cuts = _is_exact(legacy, target, conversion), losses.cut(legacy, target)
    return Inverse(conversion.rule, conversion.value, exact, conversion.valid, refuses, cuts, conversion.text)


# --- the rules whose inverse is no rule of the way forward ----------------------------------------------


def _uuid_to_text(value: sql.Composable, legacy: ColumnType, target: ColumnType, _: str) -> Conversion | None:
    if not (target.name == "uuid" and target.built_in and legacy.name in TEXTS):
        return None
    return texts.limited("uuid to text", text_of(value), legacy)


def _moment_to_local(value: sql.Composable, legacy: ColumnType, target: ColumnType, timezone: str) -> Conversion | None:
    if not _are(legacy, "timestamp", target, "timestamptz"):
        return None
    local = sql.SQL("({} AT TIME ZONE {})").format(value, sql.Literal(timezone))
    return Conversion(f"moment at {timezone}", cast(local, legacy) if legacy.modifier else local)


def _midnight_to_date(value: sql.Composable, legacy: ColumnType, target: ColumnType, _: str) -> Conversion | None:
    return Conversion("timestamp to date", cast(value, legacy)) if _are(legacy, "date", target, "timestamp") else None


def _document(value: sql.Composable, legacy: ColumnType, target: ColumnType, _: str) -> Conversion | None:
    """Turn JSON into the text that it was, or jsonb into json."""
    if not target.built_in or target.name not in ("json", "jsonb"):
        return None
    if legacy.name in TEXTS:
        return texts.limited(f"{target.name} to text", text_of(value), legacy)
    return Conversion("jsonb to json", cast(value, legacy)) if _are(legacy, "json", target, "jsonb") else None


def _listed_texts(value: sql.Composable, legacy: ColumnType, target: ColumnType, _: str) -> Conversion | None:
    """Turn an array of texts into the JSON array that it was."""
    if not (target.built_in and target.name == "_text"):
        return None
    if legacy.name in TEXTS:
        document = text_of(sql.SQL("pg_catalog.to_jsonb({})").format(value))
        return texts.limited("text[] to JSON array", document, legacy)
    if legacy.built_in and legacy.name in ("json", "jsonb"):
        value = sql.SQL("pg_catalog.to_{}({})").format(sql.SQL(legacy.name), value)
        return Conversion("text[] to JSON array", value)
    return None


def _array_of_texts(value: sql.Composable, legacy: ColumnType, target: ColumnType, _: str) -> Conversion | None:
    """Turn an array of texts into the array of something else that it was."""
    if not (target.built_in and target.name == "_text") or legacy.element is None or not legacy.is_array:
        return None
    if legacy.element.kind == "e":
        known = labels.is_label(sql.Identifier("label"), legacy.element.labels)
        inside = sql.SQL("NOT EXISTS (SELECT FROM pg_catalog.unnest({}) AS e (label) WHERE NOT {})")
        return Conversion("text[] to an array", value, inside.format(value, known))
    if legacy.element.name in TEXTS:
        return None  # whose lengths another rule looks at
    if legacy.built_in:
        return Conversion("text[] to an array", sql.SQL("({})::{}").format(value, sql.SQL(legacy.display)))
    return Conversion("text[] to an array", text_of(value), text=f"only the legacy server knows {legacy.display}")


Rule = Callable[[sql.Composable, ColumnType, ColumnType, str], Conversion | None]

RULES: tuple[Rule, ...] = (
    _uuid_to_text, _moment_to_local, _midnight_to_date, _document, _listed_texts, _array_of_texts,
)  # fmt: skip


def _by_cast(timezone: str) -> arrays.Convert:
    """Return how an element of an array goes back by a rule of the way back that is a cast."""

    def convert(value: sql.Composable, source: ColumnType, target: ColumnType, _: Servers) -> Conversion | None:
        rules_of_casts = (_uuid_to_text, _midnight_to_date)
        return next((c for rule in rules_of_casts if (c := rule(value, target, source, timezone))), None)

    return convert


def _are(legacy: ColumnType, name: str, target: ColumnType, other: str) -> bool:
    return legacy.built_in and target.built_in and (legacy.name, target.name) == (name, other)


# --- what is exact by construction ----------------------------------------------------------------------


def _is_exact(legacy: ColumnType, target: ColumnType, back: Conversion) -> bool:
    """Tell whether what came from the legacy type is the same there again, whatever it is.

    Blank-padded texts and names aren't: what is behind their ends is no part of them.
    """
    if legacy.kind == "e":
        return target.kind == "e" or target.name in TEXTS - {"bpchar", "name"}
    if legacy.name in TEXTS or target.name in TEXTS:
        return {legacy.name, target.name} <= TEXTS - {"bpchar", "name"}
    if legacy.built_in and target.built_in and {legacy.name, target.name} <= numbers.INTEGERS.keys():
        return True
    if _are(legacy, "timestamp", target, "timestamptz"):
        zone = back.rule.removeprefix("moment at ")
        return zone in times.WITHOUT_SUMMER_TIME and losses.digits(legacy) <= losses.digits(target)
    return not difference(legacy, target)
