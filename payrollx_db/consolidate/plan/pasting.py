"""The lines that account for a mismatch, as Python to paste into the layout, each with where it goes."""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from payrollx_db.consolidate.plan.conversion import snake_case
from payrollx_db.model.layout import LegacyDatabase, TableMap
from payrollx_db.postgres.introspect import Column, Database, Table

WHY = "say why it is left behind"
ALIKE = 0.4  # how much alike two names are, of 1, so that the one is guessed to become the other


@dataclass(frozen=True)
class Line:
    """One line of Python, and the argument of the layout that it belongs to."""

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


def for_table(legacy: LegacyDatabase, name: str, table: Table, target: Database, schema: str) -> tuple[Line, ...]:
    """Return what maps a table that the layout doesn't know to its namesake in ``schema``, and what discards it.

    ``name`` is how the layout calls the table: with its schema where that isn't the legacy database's own.
    """
    lines = []
    if name == table.name:
        goals = (f"{schema}.{goal}" for goal in (table.name, snake_case(table.name)))
        if goal := next((goal for goal in goals if goal in target.tables), None):
            columns = ", ".join(f"{quoted(c.name)}: {quoted(c.shape)}" for c in table.columns)
            text = f"TableMap(SourceTable({quoted(name)}, {{{columns}}}), {quoted(goal)}),"
            lines.append(Line(_argument("maps", legacy), text))
    return (*lines, discard(legacy, name))


def for_column(legacy: LegacyDatabase, table: str, column: Column) -> tuple[Line, ...]:
    """Return what lets the layout know a column, and what discards it."""
    return (of_type(table, column), discard(legacy, table, column.name))


def of_type(table: str, column: Column) -> Line:
    """Return what says of which type a column is."""
    return Line(f"columns of SourceTable({quoted(table)})", f"{quoted(column.name)}: {quoted(column.shape)},")


def for_column_without_goal(
    legacy: LegacyDatabase, table_map: TableMap, column: str, spare: Sequence[str]
) -> tuple[Line, ...]:
    """Return what renames a column to a ``spare`` one of the target, if one is like it, and what discards it."""
    alike = difflib.get_close_matches(snake_case(column), spare, 1, ALIKE) or (spare if len(spare) == 1 else ())
    renaming = [
        Line(_of_map("rename", table_map), f"rename={_mapping({**table_map.rename, column: name})},") for name in alike
    ]
    return (*renaming, discard(legacy, table_map.source.name, column))


def for_new_columns(table_map: TableMap, columns: Iterable[str]) -> tuple[Line, ...]:
    """Return what says that nothing of the legacy database fills these columns of the target."""
    names = "".join(f"{quoted(name)}, " for name in (*table_map.new, *columns))
    return (Line(_of_map("new", table_map), f"new=({names.strip()}),"),)


def discard(legacy: LegacyDatabase, table: str, column: str | None = None) -> Line:
    """Return what leaves a table, a column of it or a leftover behind, with the reason that a person has to say."""
    further = f", column={quoted(column)}" if column is not None else ""
    return Line(_argument("discards", legacy), f"Discard({quoted(table)}, {quoted(WHY)}{further}),")


def quoted(text: str) -> str:
    """Return a text as a Python literal."""
    return json.dumps(text, ensure_ascii=False)


def _mapping(pairs: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{quoted(key)}: {quoted(value)}" for key, value in pairs.items()) + "}"


def _argument(name: str, legacy: LegacyDatabase) -> str:
    return f"{name} of LegacyDatabase({quoted(legacy.name)})"


def _of_map(name: str, table_map: TableMap) -> str:
    return f"{name} of the TableMap to {quoted(table_map.target)}"


def spare_columns(target: Table, filled: Iterable[str], new: Iterable[str]) -> list[str]:
    """Return the names of the target's columns that nothing fills yet."""
    taken = {*filled, *new}
    return [column.name for column in target.columns if column.name not in taken and not column.generated]
