"""What a migration of a tenant's schema would lose: columns and tables that go with their values, rows, values, digits.

The migration has run, in a savepoint, when this looks: what is gone is compared with what was there before, and whether
anything was in it is asked once the savepoint is undone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.pooled import SyncConnection

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class Column:
    """A column of a schema, and its type as Postgres writes it."""

    table: str
    name: str
    type: str


Files = dict[int, tuple[str, int]]  # by the table's number, its name and that of its file
Shape = dict[tuple[int, int], Column]


def shape_of(driver: SyncConnection, schema: str) -> Shape:
    """Return the columns of a schema's tables, by the numbers that tell each from one that is made anew."""
    rows = driver.execute(queries.load("shape"), {"schema": schema}).fetchall()
    return {(table, number): Column(name, column, kind) for table, number, name, column, kind in rows}


def deleted_rows(driver: SyncConnection, schema: str) -> list[str]:
    """Return what the transaction has deleted, a line a table."""
    rows = driver.execute(queries.load("deleted"), {"schema": schema}).fetchall()
    return [f"{table}: {count:,} rows are deleted" for table, count in rows]


def updated_tables(driver: SyncConnection, schema: str) -> set[int]:
    """Return the numbers of the tables of which the transaction has updated rows."""
    return {table for (table,) in driver.execute(queries.load("updated"), {"schema": schema}).fetchall()}


def filled(driver: SyncConnection, schema: str, shape: Shape, tables: Iterable[int]) -> dict[tuple[int, int], int]:
    """Return how many values each column of these tables has that aren't NULL."""
    counts: dict[tuple[int, int], int] = {}
    for table in tables:
        places = [place for place in shape if place[0] == table]
        if not places:
            continue
        asked = sql.SQL(", ").join(
            sql.SQL("pg_catalog.count({})").format(sql.Identifier(shape[place].name)) for place in places
        )
        name = sql.Identifier(schema, shape[places[0]].table)
        row = driver.execute(sql.SQL("SELECT {} FROM ONLY {}").format(asked, name)).fetchall()[0]
        counts |= dict(zip(places, row, strict=True))
    return counts


def emptied_columns(
    shape: Shape, before: Mapping[tuple[int, int], int], after: Mapping[tuple[int, int], int]
) -> list[str]:
    """Return which columns have fewer values after updates than before, a line a column."""
    return [
        f"{shape[place].table}.{shape[place].name}: {count - after[place]:,} values are NULL then"
        for place, count in before.items()
        if place in after and after[place] < count
    ]


def files_of(driver: SyncConnection, schema: str) -> Files:
    """Return the tables of a schema with their files: TRUNCATE, which deletes no row by itself, gives a new one."""
    rows = driver.execute(queries.load("files"), {"schema": schema}).fetchall()
    return {table: (name, file) for table, name, file in rows}


def rewritten(before: Files, after: Files) -> dict[str, str]:
    """Return the tables that have a new file, by the name that they had, with the one that they have."""
    return {
        name: after[table][0] for table, (name, file) in before.items() if table in after and after[table][1] != file
    }


def rows_of(driver: SyncConnection, schema: str, table: str) -> int:
    """Return how many rows a table has."""
    query = sql.SQL("SELECT pg_catalog.count(*) FROM ONLY {}").format(sql.Identifier(schema, table))
    return _count(driver, query) or 0


def candidates(before: Shape, after: Shape) -> list[tuple[Column, str]]:
    """Return the columns that are gone, or of another type now, each with the type that it has (empty: gone)."""
    found = []
    for place, column in before.items():
        now = after.get(place)
        if now is None or now.type != column.type:
            found.append((column, now.type if now else ""))
    return found


def losses(driver: SyncConnection, schema: str, changed: Iterable[tuple[Column, str]]) -> Iterator[str]:
    """Yield what would be lost of ``changed``, a line a column, as the schema is before the migration."""
    for column, new_type in changed:
        condition = _differs(column, new_type) if new_type else sql.SQL("{} IS NOT NULL")
        query = sql.SQL("SELECT pg_catalog.count(*) FROM {} WHERE ").format(sql.Identifier(schema, column.table))
        name = sql.Identifier(column.name)
        count = _count(driver, query + condition.format(name, name))
        what = f"would not be the same as {new_type}" if new_type else "would go with the column"
        if count is None:
            yield f"{column.table}.{column.name}: its values can't be told as {new_type}"
        elif count:
            yield f"{column.table}.{column.name}: {count:,} values {what}"


def _differs(column: Column, new_type: str) -> sql.SQL:
    # Both types are as the server itself writes them.
    return sql.SQL(f"(({{}})::{_safe(new_type)})::{_safe(column.type)} IS DISTINCT FROM {{}}")


def _safe(kind: str) -> str:
    return kind.replace("{", "{{").replace("}", "}}")


def _count(driver: SyncConnection, query: sql.Composed) -> int | None:
    """Return the number that a query counts; ``None`` where a value can't be converted at all."""
    with driver.transaction():
        cursor: Any = None
        try:
            with driver.transaction():
                cursor = driver.execute(query)
                return int(cursor.fetchone()[0])
        except DRIVER_ERRORS:
            return None
