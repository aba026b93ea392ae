"""Which rows an expression fails on, found by trying each: no pattern knows what an expression of anybody's refuses.

It is done by the server in a DO block, so that no value is seen here. That takes no right beyond reading the rows,
writes nothing, and works on a standby. A row at a time is slow, so it is done only where a scan has failed, and then
only in those pages of the table where it fails.
"""

import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from payrollx_db.consolidate.plan.mapping import ROW, TablePlan
from payrollx_db.postgres import query_files, sqlstates
from payrollx_db.postgres.session import Connection, render_sql, run

queries = query_files.beside(__name__)

PAGES_AT_ONCE = 64
# One page more than there are: what has been added since isn't in this snapshot, or is in the last one.
PAGES = """
pg_catalog.generate_series(
  0, pg_catalog.pg_relation_size({table}::oid::regclass) / pg_catalog.current_setting('block_size')::int, {step})
"""
NO_PROCEDURES = (psycopg.errors.UndefinedObject, psycopg.errors.InsufficientPrivilege)


@dataclass(frozen=True)
class Refused:
    """The rows on which an expression fails: how many, and what to exclude them by.

    ``keys`` are the source's own keys, or the rows' places where it has none; ``named`` says which. Neither is known
    where the server runs no procedures.
    """

    count: int
    keys: tuple[str, ...]
    named: bool

    def among(self, table: TablePlan) -> sql.Composable:
        """Return the condition that a row is one of these; of all rows where they aren't known."""
        if self.count and not self.keys:
            return sql.SQL("true")
        if self.named:
            return table.among(self.keys)
        return sql.SQL("{}.ctid::text = ANY ({}::text[])").format(sql.Identifier(ROW), sql.Literal(list(self.keys)))


async def refused_rows(
    connection: Connection,
    table: TablePlan,
    expressions: Sequence[sql.Composable],
    rows: sql.Composable,
    most: int,
    *,
    few: bool = False,
    by_place: bool = False,
) -> list[Refused]:
    """Try each of ``expressions`` over those ``rows`` of the source; return for each on which rows it fails.

    At most ``most`` keys of each are returned; places instead if ``by_place``. Where the rows are ``few``, their table
    isn't read page by page. Raises psycopg's errors where it fails for another reason than a row.
    """
    if not expressions:
        return []
    named = table.source_key is not None and not by_place
    paged = table.source.kind == "r" and not few
    body = render_sql(_body(table, expressions, rows, most, paged=paged, named=named))
    try:
        async with connection.transaction():
            await run(connection, sql.SQL("DO {}").format(sql.Literal(body)))
            answer = (await run(connection, sql.SQL("SELECT pg_catalog.current_setting('payrollx_db.refused')")))[0][0]
    except NO_PROCEDURES:
        return [await _whether(connection, table, expression, rows) for expression in expressions]
    return [Refused(count, tuple(keys), named) for count, keys in json.loads(answer)]


def within(connection: Connection) -> AbstractAsyncContextManager[object]:
    """Return a savepoint for what may fail, where the session is in a transaction; else nothing."""
    outside = connection.info.transaction_status == TransactionStatus.IDLE
    return nullcontext() if outside else connection.transaction()


def _body(
    table: TablePlan,
    expressions: Sequence[sql.Composable],
    rows: sql.Composable,
    most: int,
    *,
    paged: bool,
    named: bool,
) -> sql.Composable:
    aliases = {ROW: table.source, **table.lookups}
    fields = {alias: sql.Identifier(f"payrollx_of_{number}") for number, alias in enumerate(aliases)}
    variables = [sql.SQL("{} {};").format(sql.Identifier(alias), of.identifier) for alias, of in aliases.items()]
    attempts, answers = [], []
    for number, expression in enumerate(expressions):
        count, keys = (sql.Identifier(f"payrollx_{what}_{number}") for what in ("count", "keys"))
        variables.append(sql.SQL("{} bigint := 0; {} text[] := '{{}}';").format(count, keys))
        answers.append(sql.SQL("pg_catalog.jsonb_build_array({}, {})").format(count, keys))
        names = {"expression": expression, "count": count, "keys": keys, "most": sql.Literal(most)}
        attempts.append(sql.SQL(queries.load("try_one")).format(**names))
    ctid = sql.SQL("{}.ctid").format(sql.Identifier(ROW))
    within = sql.SQL("{0} >= payrollx_from AND {0} < payrollx_to").format(ctid)
    pages = sql.SQL(PAGES if paged else "0").format(
        table=sql.Literal(table.source.oid), step=sql.Literal(PAGES_AT_ONCE)
    )
    # Only rows of a plain table have one place each.
    place = sql.SQL("{}::text").format(ctid) if table.source.kind == "r" else sql.SQL("NULL::text")
    return sql.SQL(queries.load("try_rows")).format(
        classes=sql.Literal(list(sqlstates.OF_COMPUTING)),
        variables=sql.SQL("\n").join(variables),
        pages=pages,
        step=sql.Literal(PAGES_AT_ONCE),
        within=within if paged else sql.SQL("true"),
        counts=sql.SQL(", ").join(
            sql.SQL("pg_catalog.count(pg_catalog.num_nulls({}))").format(expression) for expression in expressions
        ),
        rows=sql.SQL(", ").join(_whole_row(alias, of.identifier, fields[alias]) for alias, of in aliases.items()),
        key=(table.source_key if named else None) or place,
        source=table.from_clause,
        where=rows,
        assignments=sql.SQL("\n").join(
            sql.SQL("{} := payrollx_row.{};").format(sql.Identifier(alias), name) for alias, name in fields.items()
        ),
        attempts=sql.SQL("\n").join(attempts),
        answers=sql.SQL(", ").join(answers),
    )


def _whole_row(alias: str, table: sql.Identifier, name: sql.Identifier) -> sql.Composable:
    """Return a table's row as one value. Its alias alone could be a column of that name."""
    return sql.SQL("ROW({}.*)::{} AS {}").format(sql.Identifier(alias), table, name)


async def _whether(
    connection: Connection, table: TablePlan, expression: sql.Composable, rows: sql.Composable
) -> Refused:
    """Tell only whether an expression fails, where the server runs no procedures for this role."""
    query = sql.SQL("SELECT pg_catalog.count(pg_catalog.num_nulls({})) FROM {} WHERE {}")
    try:
        async with within(connection):
            await run(connection, query.format(expression, table.from_clause, rows))
    except psycopg.Error as error:
        if not sqlstates.may_be_of_computing(error.sqlstate or ""):
            raise
        return Refused(1, (), named=False)
    return Refused(0, (), named=False)
