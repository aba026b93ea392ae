"""One type on both sides: what that takes, beyond one name, and in which form its values go over."""

from psycopg import sql

from payrollx_db.consolidate.plan.conversion.bound import note
from payrollx_db.consolidate.plan.conversion.labels import known_labels
from payrollx_db.consolidate.plan.conversion.rule import Conversion, Servers
from payrollx_db.postgres.column_types import ColumnType

INFINITE_INTERVALS = 170000  # since this version; an older one reads other bounds in them

# Binary forms that don't hold all that a value may be.
INCOMPLETE = {
    "xml": "xml leaves its declaration out of its binary form",
    "tsquery": "Postgres 18 doesn't read the binary form of an empty tsquery",
    "int2vector": "no server reads the binary form of an empty int2vector",
}


def as_it_is(value: sql.Composable, source: ColumnType, target: ColumnType, servers: Servers) -> Conversion | None:
    """Carry a value over unchanged, where the two types are one by all that they are made of."""
    if source.kind == "e" or difference(source, target):
        return None
    structured = target.is_array or target.kind in ("c", "r", "m")
    valid = known_labels(value, source, target) if structured else None
    rule = "same type" if not structured or target.built_in else f"{_noun(target)} of the same structure"
    if valid is not None:
        return Conversion(
            rule, value, valid, raises=False, late=True, code="enum-unknown", text=why_text(target), note=note(target)
        )
    finite = _finite(value, target, servers)
    # Sent as it is stored: the type's own output would leave out an XML document's declaration.
    stored = {"xml": "{}::text", "_xml": "{}::text[]"}.get(target.name, "{}") if target.built_in else "{}"
    sent = sql.SQL(stored).format(value)
    return Conversion(rule, sent, finite, raises=False, late=True, text=why_text(target), note=note(target))


def difference(source: ColumnType, target: ColumnType) -> str:
    """Return what makes these two types two, though they may have one name; empty where they are one.

    The labels of enums may differ: which of them a value has is looked at row by row.
    """
    if source.kind != target.kind or source.is_array != target.is_array:
        return f"{source.display} is another kind of type than {target.display}"
    if target.modifier and source.modifier != target.modifier:
        return f"{source.display} and {target.display} have other limits"
    if target.is_array or target.kind == "c":
        return _difference_of_parts(source, target)
    own_range = target.kind in ("r", "m") and not target.built_in
    if own_range and (source.order, _labels(source)) == (target.order, _labels(target)):
        return _difference_of_parts(source, target)
    mine = (source.name, source.built_in, source.extension)
    same_name = target.kind == "e" or mine == (target.name, target.built_in, target.extension)
    if same_name and not own_range:
        return ""
    what = "order their values otherwise" if own_range else "are two types"
    return f"{source.display} and {target.display} {what}"


def why_text(target: ColumnType) -> str:
    """Return why values of ``target`` can't travel in their binary form; empty where they can."""
    for part in target.parts():
        if not part.binary:
            return f"{part.display} has no binary form"
        if part.built_in and part.name in INCOMPLETE:
            return INCOMPLETE[part.name]
    return ""


def _difference_of_parts(source: ColumnType, target: ColumnType) -> str:
    if target.kind == "c":
        return _difference_of_rows(source, target)
    if source.element is None or target.element is None:
        same_name = source.built_in and target.built_in and source.name == target.name
        return "" if same_name else f"{source.display} and {target.display} are two types"
    return difference(source.element, target.element)


def _difference_of_rows(source: ColumnType, target: ColumnType) -> str:
    names, others = [name for name, _ in source.attributes], [name for name, _ in target.attributes]
    if names != others or not names:
        return f"{source.display} has the attributes {', '.join(names)}, and {target.display} {', '.join(others)}"
    pairs = zip(source.attributes, target.attributes, strict=True)
    for (name, mine), (_, theirs) in pairs:
        if problem := difference(mine, theirs):
            return f"attribute {name} of {target.display}: {problem}"
    return ""


def _labels(kind: ColumnType) -> list[tuple[str, ...]]:
    return [part.labels for part in kind.parts() if part.kind == "e"]


def _noun(kind: ColumnType) -> str:
    if kind.is_array:
        return "an array"
    return {"c": "a composite", "r": "a range", "m": "a multirange"}.get(kind.kind, "a type")


def _finite(value: sql.Composable, target: ColumnType, servers: Servers) -> sql.Composable | None:
    """Return the condition that an older server reads the same interval in ``value``."""
    if target.name == "interval" and target.built_in and servers.target_version < INFINITE_INTERVALS:
        return sql.SQL("pg_catalog.isfinite({})").format(value)
    return None
