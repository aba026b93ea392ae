"""Enums go over by their labels, which are text on the way: the types' own numbers differ between databases."""

from collections.abc import Sequence
from dataclasses import replace

from psycopg import sql

from payrollx_db.consolidate.plan.conversion.canonical import TEXTS
from payrollx_db.consolidate.plan.conversion.rule import Conversion, Servers, text_of
from payrollx_db.postgres.column_types import ColumnType


def to_enum(value: sql.Composable, source: ColumnType, target: ColumnType, _: Servers) -> Conversion | None:
    """Turn an enum or a text into an enum."""
    if target.kind != "e" or not (source.kind == "e" or source.name in TEXTS):
        return None
    # enum_recv reads a label's text, so the target's type need not exist on the source's server.
    rule, label = "enum by its label", sql.SQL("{}::text").format(value)
    sent = value if source.kind == "e" else None  # enum_send gives the label
    if source.kind == "e" and set(source.labels) <= set(target.labels):
        return Conversion(rule, label, raises=False, sent=sent)
    return replace(labelled(rule, label, target), sent=sent)


def labelled(rule: str, text: sql.Composable, target: ColumnType) -> Conversion:
    """Return a conversion to the enum ``target`` of what may be none of its labels."""
    return Conversion(rule, text, is_label(text, target.labels), raises=False, late=True, code="enum-unknown")


def is_label(text: sql.Composable, labels: Sequence[str]) -> sql.Composable:
    """Return the condition that ``text`` is one of ``labels``."""
    if not labels:
        return sql.SQL("{} IS NULL").format(text)
    return sql.SQL("{} IN ({})").format(text, sql.SQL(", ").join(map(sql.Literal, labels)))


def known_labels(
    value: sql.Composable, source: ColumnType, target: ColumnType, depth: int = 0
) -> sql.Composable | None:
    """Return the condition that all labels within ``value`` are the target's; ``None`` where they must be.

    ``source`` and ``target`` are of one structure: `same.difference` has found none.
    """
    if target.kind == "e":
        known = source.kind == "e" and set(source.labels) <= set(target.labels)
        return None if known else is_label(text_of(value), target.labels)
    if target.is_array and source.element and target.element:
        element = sql.Identifier(f"element_{depth}")
        inside = known_labels(element, source.element, target.element, depth + 1)
        # In a subquery of its own, an element that is a row stays one column.
        return inside and sql.SQL(
            "NOT EXISTS (SELECT FROM (SELECT pg_catalog.unnest({}) AS {}) AS elements WHERE NOT {})"
        ).format(value, element, inside)
    fields = [
        condition
        for (name, mine), (_, theirs) in zip(source.attributes, target.attributes, strict=False)
        if (condition := known_labels(sql.SQL("({}).{}").format(value, sql.Identifier(name)), mine, theirs, depth))
    ]
    held = [sql.SQL("coalesce({}, true)").format(condition) for condition in fields]
    return sql.SQL("({})").format(sql.SQL(" AND ").join(held)) if held else None
