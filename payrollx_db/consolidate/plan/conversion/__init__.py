"""The general rules: what a column is called over there, how its values get there, and in which form
both sides are compared.

Everything here is an SQL expression for the source server to compute (law 3); no row value is ever
seen by Python. A rule that isn't here is one that the layout has to state (`derive`). Each rule says which
values it takes (``valid``), and which it takes and changes (``lossy``): those that don't read back (law 4).
"""

from collections.abc import Callable

from psycopg import sql

from payrollx_db.consolidate.plan.conversion import arrays, documents, labels, numbers, same, texts, times
from payrollx_db.consolidate.plan.conversion.bound import refusal
from payrollx_db.consolidate.plan.conversion.canonical import canonical, form
from payrollx_db.consolidate.plan.conversion.derive import derived
from payrollx_db.consolidate.plan.conversion.rule import Conversion, Note, Servers
from payrollx_db.model.layout import snake_case
from payrollx_db.postgres.column_types import ColumnType

__all__ = ["Conversion", "Note", "Servers", "canonical", "convert", "derived", "form", "refusal", "snake_case"]

Rule = Callable[[sql.Composable, ColumnType, ColumnType, Servers], Conversion | None]

RULES: tuple[Rule, ...] = (
    labels.to_enum, same.as_it_is, times.precision, numbers.precision, texts.to_text, texts.to_uuid,
    times.to_timestamptz, times.date_to_timestamp, numbers.to_number, documents.to_document, documents.to_texts,
)  # fmt: skip


def convert(value: sql.Composable, source: ColumnType, target: ColumnType, servers: Servers) -> Conversion | None:
    """Return how ``value``, an expression of type ``source``, becomes ``target``; ``None`` if no rule says it.

    ``servers`` is what else it depends on: the zone that naive timestamps are in, the target's version.
    """
    if refusal(source, target, servers):
        return None
    for rule in RULES:
        conversion = rule(value, source, target, servers)
        if conversion is not None:
            return conversion
    return arrays.each_element(value, source, target, servers, convert)
