"""What target tables hold: asked of many in one statement, and of each without those that inherit from it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Table
from payrollx_db.postgres.session import Connection, run

T = TypeVar("T")

queries = query_files.beside(__name__)

GROUP = 100  # tables in one statement: it locks them all, with their indexes


def sized_query(tables: Iterable[Table]) -> sql.Composable:
    """Return the query of the oids of those tables that may hold rows: what has no page has none.

    To ask a table itself makes the server look at its indexes too, which takes longer than all else about an empty one.
    """
    files = [table.oid for table in tables if table.kind == "r"]
    others = [table.oid for table in tables if table.kind != "r"]
    return sql.SQL(queries.load("tables_with_pages")).format(files=sql.Literal(files), others=sql.Literal(others))


def filled_query(tables: Iterable[Table]) -> sql.Composable:
    """Return the query of the names (``schema.table``) of those tables that hold any row."""
    single = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
    return sql.SQL(" UNION ALL ").join(single.format(sql.Literal(t.full_name), _from(t)) for t in tables)


async def filled(connection: Connection, tables: Mapping[str, Table], names: Iterable[str]) -> set[str]:
    """Return those of ``names`` whose table is among ``tables`` and holds any row."""
    known: Sequence[Table] = [tables[name] for name in names if name in tables]
    sized = {oid for (oid,) in await run(connection, sized_query(known))} if known else set()
    known = [table for table in known if table.oid in sized]
    return {name for group in in_groups(known, GROUP) for (name,) in await run(connection, filled_query(group))}


async def count(connection: Connection, tables: Sequence[Table]) -> dict[str, int]:
    """Return how many rows each of ``tables`` holds, by ``schema.table``."""
    single = sql.SQL("SELECT {}, (SELECT pg_catalog.count(*) FROM {})")
    counts: dict[str, int] = {}
    for group in in_groups(tables, GROUP):
        query = sql.SQL(" UNION ALL ").join(single.format(sql.Literal(t.full_name), _from(t)) for t in group)
        counts |= {name: int(number) for name, number in await run(connection, query)}
    return counts


def in_groups(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield ``things`` in their order, at most ``size`` at a time."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


def _from(table: Table) -> sql.Composable:
    return sql.SQL("{}{}").format(sql.SQL("ONLY " if table.kind == "r" else ""), table.identifier)
