"""Arrays whose elements a rule converts by a cast."""

from collections.abc import Callable

from psycopg import sql

from payrollx_db.consolidate.plan.conversion.canonical import TEXTS
from payrollx_db.consolidate.plan.conversion.numbers import FLOATS
from payrollx_db.consolidate.plan.conversion.rule import Conversion, Servers
from payrollx_db.postgres.column_types import ColumnType

Convert = Callable[[sql.Composable, ColumnType, ColumnType, Servers], Conversion | None]

SOME = "EXISTS (SELECT FROM (SELECT pg_catalog.unnest({}) AS element) AS elements WHERE {})"


def each_element(
    value: sql.Composable, source: ColumnType, target: ColumnType, servers: Servers, convert: Convert
) -> Conversion | None:
    """Convert an array by casting it, where the rule of its elements is a cast."""
    if not (source.element and target.element and source.is_array and target.is_array and target.built_in):
        return None
    if source.element.is_array or (source.element.name, target.element.name) == ("timestamp", "timestamptz"):
        return None
    element = sql.Identifier("element")
    conversion = convert(element, source.element, target.element, servers)
    if conversion is None or conversion.text:
        return None
    return Conversion(
        f"an array: {conversion.rule}",
        _converted(value, source.element, target),
        conversion.valid and none(value, sql.SQL("NOT {}").format(conversion.valid)),
        conversion.lossy and some(value, conversion.lossy),
        raises=conversion.raises,
        late=conversion.late,
        code=conversion.code,
        note=conversion.note,
    )


def some(array: sql.Composable, condition: sql.Composable) -> sql.Composable:
    """Return the condition that ``condition`` holds of an ``element`` of ``array``."""
    return sql.SQL(SOME).format(array, condition)


def none(array: sql.Composable, condition: sql.Composable) -> sql.Composable:
    """Return the condition that ``condition`` holds of no ``element`` of ``array``."""
    return sql.SQL("NOT {}").format(some(array, condition))


def _converted(value: sql.Composable, element: ColumnType, target: ColumnType) -> sql.Composable:
    if target.element and target.element.name in TEXTS:
        # Without the limit, which a cast would cut to: the target's own input refuses what is too long.
        return sql.SQL("({})::{}").format(value, sql.Identifier("pg_catalog", target.name))
    if element.name in FLOATS and target.name == "_numeric":
        return sql.SQL("({})::text[]::{}").format(value, sql.SQL(target.display))
    return sql.SQL("({})::{}").format(value, sql.SQL(target.display))
