"""Where a Prisma schema and a database disagree: named, so that nothing has to be guessed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from payrollx_db.prisma.names import Names, TableNames
from payrollx_db.prisma.types import expected_type


@dataclass(frozen=True)
class ColumnShape:
    """A column as the database has it; ``type`` as ``format_type`` writes it, without a schema."""

    type: str
    is_nullable: bool


@dataclass(frozen=True)
class Disagreement:
    """One thing that the schema and the database say differently; ``place`` is the schema's file, line and column."""

    code: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


def disagreements(
    names: Names, schema: str, tables: Mapping[str, Mapping[str, ColumnShape]]
) -> tuple[Disagreement, ...]:
    """Hold ``names`` against the ``tables`` of the database's ``schema``: columns by name, by table.

    A model whose table is elsewhere, a field without a column, a column without a field, and a column of
    another type or nullability are each named. Tables that no model has are no disagreement: a schema
    may describe a part of a database.
    """
    found: list[Disagreement] = []
    for table in names.tables.values():
        if table.name[0] not in ("", schema):
            continue
        columns = tables.get(table.name[1])
        if columns is None:
            message = f"the database has no {'view' if table.is_view else 'table'} {table.name[1]} ({table.class_name})"
            found.append(Disagreement("prisma-table", str(table.model.position), message))
        else:
            found += _of_table(names, table, columns)
    return tuple(found)


def _of_table(names: Names, table: TableNames, columns: Mapping[str, ColumnShape]) -> Iterator[Disagreement]:
    for column in table.columns.values():
        shape = columns.get(column.column)
        at = str(column.field.position)
        field = f"{table.class_name}.{column.attribute}"
        if shape is None:
            yield Disagreement("prisma-field", at, f"{table.name[1]} has no column {column.column} ({field})")
            continue
        expected = expected_type(column.field, names)
        if expected and expected != _unquoted(shape.type):
            yield Disagreement("prisma-type", at, f"{field} is {expected}, and the column is {shape.type}")
        # A list is never null to Prisma, whatever the column says; and views say that all of theirs may be.
        is_known = not column.field.is_list and not table.is_view
        if is_known and column.field.is_optional != shape.is_nullable:
            here, there = ("may be null", "may not") if column.field.is_optional else ("may not be null", "may")
            yield Disagreement("prisma-null", at, f"{field} {here}, and the column {there}")
    for name in columns.keys() - table.columns.keys():
        at = str(table.model.position)
        yield Disagreement("prisma-column", at, f"{table.class_name} has no field for the column {name}")


def _unquoted(type_name: str) -> str:
    element = type_name.removesuffix("[]")
    if not element.startswith('"'):
        return type_name
    return element[1:-1].replace('""', '"') + type_name[len(element) :]
