"""What target tables hold: asked of many in one statement, and of each without those that inherit from it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from psycopg import sql

from payrollx_db.consolidate.plan.destination import Destination, condition
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


def filled_query(places: Sequence[tuple[Table, Destination]]) -> sql.Composable:
    """Return the query of the numbers of those of ``places`` that hold any row."""
    single = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {} WHERE {})")
    return sql.SQL(" UNION ALL ").join(
        single.format(sql.Literal(number), _from(table), condition(destination.scope))
        for number, (table, destination) in enumerate(places)
    )


async def filled(
    connection: Connection, tables: Mapping[str, Table], destinations: Iterable[Destination]
) -> set[Destination]:
    """Return those of ``destinations`` whose table is among ``tables`` and which hold any row."""
    known = [(tables[d.table], d) for d in destinations if d.table in tables]
    distinct = list({table.oid: table for table, _ in known}.values())
    sized = {oid for (oid,) in await run(connection, sized_query(distinct))} if distinct else set()
    known = [(table, destination) for table, destination in known if table.oid in sized]
    return {
        group[number][1]
        for group in in_groups(known, GROUP)
        for (number,) in await run(connection, filled_query(group))
    }


async def filled_tables(connection: Connection, tables: Mapping[str, Table], names: Iterable[str]) -> set[str]:
    """Return those of ``names`` whose table is among ``tables`` and holds any row, of whatever scope."""
    return {destination.table for destination in await filled(connection, tables, map(Destination, names))}


async def count(connection: Connection, places: Sequence[tuple[Table, Destination]]) -> dict[Destination, int]:
    """Return how many rows each of ``places`` holds."""
    single = sql.SQL("SELECT {}, (SELECT pg_catalog.count(*) FROM {} WHERE {})")
    counts: dict[Destination, int] = {}
    for group in in_groups(places, GROUP):
        query = sql.SQL(" UNION ALL ").join(
            single.format(sql.Literal(number), _from(table), condition(destination.scope))
            for number, (table, destination) in enumerate(group)
        )
        counts |= {group[number][1]: int(rows) for number, rows in await run(connection, query)}
    return counts


def in_groups(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield ``things`` in their order, at most ``size`` at a time."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


def _from(table: Table) -> sql.Composable:
    return sql.SQL("{}{}").format(sql.SQL("ONLY " if table.kind == "r" else ""), table.identifier)
