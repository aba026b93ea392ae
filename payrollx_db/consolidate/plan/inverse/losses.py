"""What values that are new in the target meet on their way back: what a legacy column refuses, and what is cut off."""

from payrollx_db.consolidate.plan.conversion import numbers, times
from payrollx_db.consolidate.plan.conversion.canonical import TEXTS
from payrollx_db.postgres.column_types import ColumnType

DIGITS = 6  # of a second, that a time without a limit has


def refused(legacy: ColumnType, target: ColumnType | None = None) -> str:
    """Say which values, of the type ``target`` where it is known, the legacy column doesn't take."""
    enum = _enum(legacy)
    if enum is not None:
        other = _enum(target) if target else None
        unknown = [label for label in (other.labels if other else ()) if label not in enum.labels]
        return f"the labels {', '.join(unknown)}" if unknown else f"what is no label of {enum.display}"
    if legacy.name in TEXTS:
        return f"texts of more than {legacy.modifier} characters" if legacy.modifier else "texts of more than 63 bytes"
    return f"what doesn't fit into {legacy.display}"


def takes_all(legacy: ColumnType, target: ColumnType) -> bool:
    """Tell whether a numeric has room for every value of a narrower one, but for digits behind the point."""
    if not (legacy.name == target.name == "numeric" and legacy.modifier and target.modifier):
        return False
    return _whole_digits(legacy) > _whole_digits(target) or (
        _whole_digits(legacy) == _whole_digits(target) and not cut(legacy, target)
    )  # of as many digits, rounding may make one more


def cut(legacy: ColumnType, target: ColumnType) -> str:
    """Say what a value loses on its way from ``target`` to ``legacy``; empty where it loses nothing."""
    if legacy.name == "date" and target.name in ("timestamp", "timestamptz"):
        return "the time of day"
    if legacy.name in times.TIMES and target.name in times.TIMES:
        return _of_time(legacy, target)
    if legacy.name in numbers.NUMBERS and target.name in numbers.NUMBERS:
        return _of_number(legacy, target)
    return ""


def digits(kind: ColumnType) -> int:
    """Return how many digits of a second a type of time keeps."""
    return int(kind.modifier) if kind.modifier.isdigit() else DIGITS


def _enum(kind: ColumnType) -> ColumnType | None:
    return next((part for part in kind.parts() if part.kind == "e"), None)


def _of_time(legacy: ColumnType, target: ColumnType) -> str:
    if legacy.name == "interval":
        return f"what {legacy.display} doesn't hold" if legacy.modifier not in ("", target.modifier) else ""
    return f"all but {digits(legacy)} digits of a second" if digits(legacy) < digits(target) else ""


def _of_number(legacy: ColumnType, target: ColumnType) -> str:
    if legacy.name in numbers.INTEGERS:
        return "the digits behind the point" if target.name not in numbers.INTEGERS else ""
    if legacy.name in numbers.FLOATS:
        wider = target.name == "numeric" or (legacy.name, target.name) == ("float4", "float8")
        return f"digits that {legacy.display} doesn't hold" if wider else ""
    scale, theirs = _scale(legacy), _scale(target)
    if scale is None or target.name in numbers.INTEGERS or (theirs is not None and theirs <= scale):
        return ""
    return f"all but {scale} digits behind the point"


def _scale(kind: ColumnType) -> int | None:
    """Return how many digits behind the point a numeric keeps; ``None``: any."""
    return int(kind.modifier.partition(",")[2] or 0) if kind.modifier else None


def _whole_digits(kind: ColumnType) -> int:
    digits_of_all, _, scale = kind.modifier.partition(",")
    return int(digits_of_all) - int(scale or 0)
