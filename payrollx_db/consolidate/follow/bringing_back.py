"""Rows that a legacy table refuses, found by writing them: its own constraints decide, not a copy of them.

All at once first, and halves of what is refused, each under a savepoint, until single rows are left. The older versions
of these come back.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import psycopg
from psycopg import sql

from payrollx_db.consolidate.follow import writing
from payrollx_db.consolidate.follow.flow import Move
from payrollx_db.consolidate.follow.keys import GONE, equals
from payrollx_db.postgres import sqlstates
from payrollx_db.postgres.errors import explain
from payrollx_db.postgres.session import Connection, run

IMMEDIATE = sql.SQL("SET CONSTRAINTS ALL IMMEDIATE")
OLDER = "payrollx_older"

Attempt = Callable[[Sequence[str]], Coroutine[Any, Any, None]]


async def write_singly(writer: Connection, move: Move, staging: str) -> dict[str, str]:
    """Write the staged rows of ``move``; return the reasons of those that are refused, by their places in ``staging``.

    Raises psycopg's errors of other kinds than a row causes.
    """
    number, table = _number(staging), sql.Identifier("pg_temp", staging)
    if move.only_known:
        await run(writer, writing.leave_unknown(move, number))
    if move.pinned and writing.takes_updates(move):
        return await _update_singly(writer, move, number, table)
    await _keep_older(writer, move, table)
    if move.kept:
        await run(writer, writing.keep_values(move, number))
    await run(writer, writing.delete_staged(move, number))
    places = await _staged(writer, table)

    async def insert(some: Sequence[str]) -> None:
        for kept in (True, False) if move.kept else (None,):
            await run(writer, writing.insert(move, number, out=False, kept=kept, places=some))
        await run(writer, IMMEDIATE)

    refused = await _halved(writer, places, insert)
    for place in refused:
        if not await _bring_older(writer, move, table, place):
            refused[place] += "; its older version collides with other rows now, and had to go"
    return refused


async def _update_singly(writer: Connection, move: Move, number: int, table: sql.Identifier) -> dict[str, str]:
    """Write the staged rows in place, as often as another one goes in; return the reasons of those that are refused."""

    async def upsert(some: Sequence[str]) -> None:
        await run(writer, writing.upsert(move, number, out=False, places=some))
        await run(writer, IMMEDIATE)

    places = await _staged(writer, table)
    while True:
        refused = await _halved(writer, places, upsert)
        if not refused or len(refused) == len(places):
            return refused
        places = list(refused)


async def delete_singly(writer: Connection, move: Move, staging: str) -> tuple[int, dict[str, str]]:
    """Delete the written rows whose keys are marked as gone; return how many went, and why others can't, by place."""
    number, table = _number(staging), sql.Identifier("pg_temp", staging)
    query = sql.SQL("SELECT ctid::text FROM {0} WHERE {1}").format(table, sql.Identifier(GONE))
    places = [str(place) for (place,) in await run(writer, query)]
    gone = 0

    async def delete(some: Sequence[str]) -> None:
        nonlocal gone
        among = sql.SQL("{} AND r.ctid = ANY ({}::text[]::tid[])").format(
            writing.delete_gone(move, number), sql.Literal(list(some))
        )
        cursor = await writer.execute(among)
        await run(writer, IMMEDIATE)
        gone += cursor.rowcount

    refused = await _halved(writer, places, delete)
    return gone, refused


async def keys_at(writer: Connection, key: sql.Composable, staging: str, places: Sequence[str]) -> dict[str, str]:
    """Return ``key``, an expression over staged rows (alias ``r``), by their places."""
    query = sql.SQL("SELECT r.ctid::text, {} FROM {} AS r WHERE r.ctid = ANY ({}::text[]::tid[])")
    rows = await run(writer, query.format(key, sql.Identifier("pg_temp", staging), sql.Literal(list(places))))
    return {str(place): str(text) for place, text in rows}


async def _staged(writer: Connection, table: sql.Identifier) -> list[str]:
    rows = sql.SQL("SELECT ctid::text FROM {} WHERE {} IS NULL").format(table, sql.Identifier(GONE))
    return [str(place) for (place,) in await run(writer, rows)]


async def _halved(writer: Connection, places: list[str], attempt: Attempt) -> dict[str, str]:
    """Attempt something for all of ``places``, and for halves of those for which it is refused."""
    refused: dict[str, str] = {}
    waiting = [places] if places else []
    while waiting:
        some = waiting.pop()
        try:
            async with writer.transaction():
                await attempt(some)
        except psycopg.Error as error:
            if not sqlstates.may_be_of_a_row(error.sqlstate or ""):
                raise
            if len(some) == 1:
                refused[some[0]] = explain(error)
            else:
                middle = len(some) // 2
                waiting += [some[middle:], some[:middle]]
    return refused


async def _keep_older(writer: Connection, move: Move, table: sql.Identifier) -> None:
    """Put the older versions of the staged rows aside."""
    older = sql.Identifier("pg_temp", OLDER)
    await run(writer, sql.SQL("DROP TABLE IF EXISTS {}").format(older))
    query = "CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT t.* FROM {} AS t JOIN {} AS r ON r.{} IS NULL AND {}"
    await run(
        writer,
        sql.SQL(query).format(
            older, move.table.identifier, table, sql.Identifier(GONE), _same(move, sql.SQL("t"), sql.SQL("r"))
        ),
    )


async def _bring_older(writer: Connection, move: Move, table: sql.Identifier, place: str) -> bool:
    """Bring the older version of a refused row back; tell whether it could be, or there was none."""
    columns = sql.SQL(", ").join(sql.Identifier(c.name) for c in move.table.columns if not c.generated)
    query = sql.SQL(
        "INSERT INTO {} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {} AS t WHERE EXISTS"
        " (SELECT FROM {} AS r WHERE r.ctid = {}::text::tid AND {})"
    ).format(
        move.table.identifier, sql.Identifier("pg_temp", OLDER), table, place,
        _same(move, sql.SQL("t"), sql.SQL("r")), columns=columns,
    )  # fmt: skip
    try:
        async with writer.transaction():
            await run(writer, query)
            await run(writer, IMMEDIATE)
    except psycopg.Error as error:
        if not sqlstates.may_be_of_a_row(error.sqlstate or ""):
            raise
        return False
    return True


def _number(staging: str) -> int:
    return int(staging.rpartition("_")[2])


def _same(move: Move, one: sql.SQL, other: sql.SQL) -> sql.Composable:
    types = {column.name: column.type for column in move.table.columns}
    return sql.SQL(" AND ").join(
        sql.SQL("{0}.{1} {2} {3}.{1}").format(one, sql.Identifier(name), equals(types[name]), other)
        for name in move.key
    )
