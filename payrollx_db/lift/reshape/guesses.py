"""References whose columns are called after no table, such as ``createdBy``: some of their UUIDs are looked up in every
other service's keys. A UUID that is found in a key is hardly there by chance; numbers would be, so they aren't tried.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from psycopg import sql

from payrollx_db.lift.reshape.names import BOOKKEEPING, snake_case
from payrollx_db.lift.reshape.references import Candidate, SourceSchema, likely_parents, singulars
from payrollx_db.lift.reshape.scans import CANONICAL, NO_LIMIT, time_limit
from payrollx_db.lift.reshape.types import TEXTS
from payrollx_db.postgres import errors
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.introspect import Column, Table
from payrollx_db.postgres.session import run
from payrollx_db.postgres.session_pool import SessionPool
from payrollx_db.postgres.sqlstates import QUERY_CANCELED

NAMING = re.compile(r"_(id|uuid|guid|by|ref)$")
LOOKED_UP = 100  # values
READ = 2000  # rows that they are taken from
LEAST = 0.5  # of them that a key must have

SOME = """
SELECT pg_catalog.array_agg(DISTINCT v.value)
FROM (SELECT s.{column}::text AS value FROM {table} AS s
      WHERE s.{column}::text OPERATOR(pg_catalog.~) {uuid} LIMIT {rows}) AS v
"""
FOUND = "SELECT {name}, pg_catalog.count(*) FROM {table} AS p WHERE p.{key} = ANY ({values}::{type}[])"


Unnamed = tuple[SourceSchema, Table, Column]


async def guess_parents(
    sessions: SessionPool, schemas: Sequence[SourceSchema], copies: Collection[tuple[str, str]], seconds: float
) -> list[Candidate]:
    """Return which tables of other services such columns may name rows of. Raises SourceError."""
    named = [singulars(schema, copies) for schema in schemas]
    candidates: list[Candidate] = []
    for child in (one for schema in schemas for one in _unnamed(schema, named)):
        values = await _some(sessions, child, seconds)
        for other in schemas if values else ():
            if other.service != child[0].service:
                candidates += await _parents(sessions, child, other, values, copies, seconds)
    return candidates


# --- private -----------------------------------------------------------------------------------------------------


def _unnamed(schema: SourceSchema, named: Sequence[Mapping[str, str]]) -> Iterator[Unnamed]:
    leaving = {(key.table, name) for key in schema.facts.foreign_keys for name in key.columns}
    for name in schema.tables:
        table = schema.facts.tables[name]
        for column in table.columns if name not in BOOKKEEPING else ():
            fits = column.type.name in (*TEXTS, "uuid") and NAMING.search(snake_case(column.name))
            tied = (name, column.name) in leaving or (column.name,) == table.primary_key
            if fits and not tied and not any(likely_parents(column.name, tables) for tables in named):
                yield schema, table, column


async def _some(sessions: SessionPool, child: Unnamed, seconds: float) -> list[str]:
    """Return some UUIDs of a column; they are looked up, and never shown."""
    schema, table, column = child
    query = sql.SQL(SOME).format(
        column=sql.Identifier(column.name),
        table=sql.SQL("{}{}").format(sql.SQL("" if table.kind == "p" else "ONLY "), table.identifier),
        uuid=sql.Literal(CANONICAL),
        rows=sql.Literal(READ),
    )
    ((values,),) = await _within(sessions, schema, query, seconds) or [(None,)]
    return list(values or ())[:LOOKED_UP]


async def _parents(
    sessions: SessionPool,
    child: Unnamed,
    other: SourceSchema,
    values: list[str],
    copies: Collection[tuple[str, str]],
    seconds: float,
) -> Iterator[Candidate]:
    ends = {
        table.name: (table, key)
        for table, key in other.ends()
        if key.type.name in (*TEXTS, "uuid") and (other.service, table.name) not in copies
    }
    if not ends:
        return iter(())
    queries = (
        sql.SQL(FOUND).format(
            name=sql.Literal(table.name),
            table=table.identifier,
            key=sql.Identifier(key.name),
            values=sql.Literal(values),
            type=sql.SQL("uuid" if key.type.name == "uuid" else "text"),
        )
        for table, key in ends.values()
    )
    rows = await _within(sessions, other, sql.SQL(" UNION ALL ").join(queries), seconds)
    found = [name for name, count in rows if count >= LEAST * len(values)]
    return (Candidate(*child, other, *ends[name]) for name in found)


async def _within(
    sessions: SessionPool, schema: SourceSchema, query: sql.Composable, seconds: float
) -> list[tuple[Any, ...]]:
    """Run a query for so many seconds; no rows where it takes longer."""
    try:
        async with sessions.session(schema.endpoint) as connection, connection.transaction():
            await connection.execute(time_limit(seconds))
            rows = await run(connection, query)
            await connection.execute(NO_LIMIT)
            return rows
    except DRIVER_ERRORS as error:
        if errors.sqlstate(error) == QUERY_CANCELED:
            return []
        raise schema.endpoint.to_error(error, "can't look at its data") from errors.cause(error)
