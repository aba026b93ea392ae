"""Numbers: wider ones, narrower ones, and those that are rounded."""

from decimal import Decimal

from psycopg import sql

from payrollx_db.consolidate.plan.conversion.rule import Conversion, Servers, cast, differ
from payrollx_db.postgres.column_types import ColumnType

INTEGERS = {"int2": 15, "int4": 31, "int8": 63}  # each with the bits of its value
FLOATS = ("float4", "float8")
# Types all of whose numbers another one holds, but for its own limit.
HELD = {
    "int2": ("int2",), "int4": ("int2", "int4"), "int8": ("int2", "int4", "int8"), "float4": ("int2", "float4"),
    "float8": ("int2", "int4", "float4", "float8"), "numeric": ("int2", "int4", "int8", "numeric"),
}  # fmt: skip
DIGITS = {"float4": 9, "float8": 17}  # significant ones, at most, in a float's text
NUMBERS = frozenset({*INTEGERS, *FLOATS, "numeric"})
# What rounds to a float4 that is neither infinite nor zero: half a step beyond the largest and the smallest.
LARGEST, SMALLEST = "3.4028235677973366e38", "7.006492321624086e-46"


def to_number(value: sql.Composable, source: ColumnType, target: ColumnType, _: Servers) -> Conversion | None:
    """Turn a number into one of another type; what isn't the same number there is lossy."""
    pair = (source.name, target.name)
    if not (source.built_in and target.built_in) or not NUMBERS.issuperset(pair) or source.name == target.name:
        return None
    rule = f"{source.name} to {target.name}"
    if target.name == "numeric":
        return _to_numeric(rule, value, source, target)
    if source.name in INTEGERS and target.name in INTEGERS:
        return Conversion(rule, cast(value, target), _within(value, source, target))
    if source.name == "numeric" and target.name in INTEGERS:
        whole = differ(value, sql.SQL("pg_catalog.trunc({})").format(value))
        return Conversion(rule, cast(value, target), _within(value, source, target), whole)
    return _to_float(rule, value, source, target)


def precision(value: sql.Composable, source: ColumnType, target: ColumnType, _: Servers) -> Conversion | None:
    """Turn a numeric into one with fewer digits."""
    if not (source.built_in and target.built_in and source.name == target.name == "numeric" and target.modifier):
        return None
    # The target rounds what it reads as a cast does, so that the source need not do it too.
    rounded = cast(value, target)
    return Conversion(
        f"to {target.display}", rounded, fits(value, target), _has_more_digits(value, target, rounded), sent=value
    )


def _has_more_digits(value: sql.Composable, target: ColumnType, rounded: sql.Composable) -> sql.Composable:
    """Return the condition that ``rounded``, a numeric ``value`` as one of ``target``, isn't the same number."""
    scale = int(target.modifier.partition(",")[2] or 0)
    if scale < 0:
        return differ(rounded, value)
    # This only looks at the digits that there are, where to round and to compare would make a number of each value.
    return sql.SQL("coalesce(pg_catalog.min_scale({}), 0) > {}").format(value, sql.Literal(scale))


def _never_rounded(source: ColumnType, target: ColumnType) -> str | None:
    """Return from which absolute value on a float has no digit after the point that ``target`` doesn't hold."""
    scale = int(target.modifier.partition(",")[2] or 0)
    return f"1e{DIGITS[source.name] - scale}" if scale >= 0 else None


def fits(value: sql.Composable, target: ColumnType) -> sql.Composable:
    """Return the condition that a numeric ``value`` is within the range of ``numeric(p,s)``."""
    digits, _, scale = target.modifier.partition(",")
    template = sql.SQL("({v} = 'NaN' OR pg_catalog.abs(pg_catalog.round({v}, {s})) < {limit}::numeric)")
    limit = sql.Literal(format(Decimal(10) ** (int(digits) - int(scale or 0)), "f"))
    return template.format(v=value, s=sql.Literal(int(scale or 0)), limit=limit)


def _to_numeric(rule: str, value: sql.Composable, source: ColumnType, target: ColumnType) -> Conversion:
    if source.name not in FLOATS:
        exact = sql.SQL("{}::numeric").format(value)
        valid = fits(exact, target) if target.modifier else None
        return Conversion(rule, cast(value, target), valid, raises=valid is not None)
    # A cast would round to fifteen digits; the text has all that it takes to tell the number from its neighbours.
    exact = sql.SQL("{}::text::numeric").format(value)
    if not target.modifier:
        return Conversion(rule, exact, raises=False)
    rounded = cast(exact, target)
    lossy = _has_more_digits(exact, target, rounded)
    if (smallest := _never_rounded(source, target)) is not None:  # most amounts, whose texts need not be written then
        lossy = sql.SQL("(pg_catalog.abs({}) < {}::float8 AND {})").format(value, sql.Literal(smallest), lossy)
    return Conversion(rule, rounded, fits(exact, target), lossy, sent=exact)


def _to_float(rule: str, value: sql.Composable, source: ColumnType, target: ColumnType) -> Conversion | None:
    converted = cast(value, target)
    if (source.name, target.name) in (("float4", "float8"), ("int4", "float8"), ("int2", "float8"), ("int2", "float4")):
        return Conversion(rule, converted, raises=False)
    if (source.name, target.name) == ("float8", "float4"):
        template = sql.SQL(
            "({v} IN ('NaN', 'Infinity', '-Infinity', 0)"
            " OR pg_catalog.abs({v}) < {largest}::float8 AND pg_catalog.abs({v}) > {smallest}::float8)"
        )
        valid = template.format(v=value, largest=sql.Literal(LARGEST), smallest=sql.Literal(SMALLEST))
        return Conversion(rule, converted, valid, sql.SQL("{}::float8 <> {}").format(converted, value))
    if source.name in FLOATS:
        return None
    return Conversion(rule, converted, None, sql.SQL("{}::text::numeric <> {}").format(converted, value))


def _within(value: sql.Composable, source: ColumnType, target: ColumnType) -> sql.Composable | None:
    """Return the condition that ``value`` is in the range of an integer type; ``None`` where it must be."""
    bits = INTEGERS[target.name]
    if INTEGERS.get(source.name, 64) <= bits:
        return None
    least, most = sql.SQL(str(-(2**bits))), sql.SQL(str(2**bits - 1))
    rounded = sql.SQL("pg_catalog.round({})").format(value) if source.name == "numeric" else value
    return sql.SQL("{} BETWEEN {} AND {}").format(rounded, least, most)
