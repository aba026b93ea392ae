"""Which of a pass's rows the target refuses, found by bringing them in: its own constraints decide, not a copy of them.

All at once first, and halves of what is refused, each under a savepoint, until single rows are left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from payrollx_db.consolidate.follow import keys as key_sql
from payrollx_db.consolidate.follow.flow import Move
from payrollx_db.consolidate.follow.hooks import Sessions
from payrollx_db.postgres import query_files, sqlstates
from payrollx_db.postgres.errors import explain, sqlstate
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.session import run

queries = query_files.beside(__name__)

CODES = {"23502": "null", "23505": "duplicate", "23P01": "exclusion", "54000": "too-large"}


@dataclass(frozen=True)
class Refusal:
    """A source row that the target refuses: its key as the quarantine has it, a finding's code, and why.

    ``columns`` are the target's that the broken rule is over, as far as the server says so.
    """

    key: str
    code: str
    reason: str
    columns: tuple[str, ...]


async def bring_in_singly(sessions: Sessions, move: Move, staging: str, keys: Sequence[Key] | None) -> list[Refusal]:
    """Bring in the staged rows of a move, and return those that the target refuses; their older versions are gone.

    ``staging`` is the name of a table of pg_temp with the written columns, ``keys`` are those whose rows it may have
    (``None``: all).
    Raises psycopg's errors of other kinds.
    """
    table, gone = sql.Identifier("pg_temp", staging), sql.Identifier(key_sql.GONE)
    writer = sessions.writer
    delete = sql.SQL("DELETE FROM {} AS w USING {} AS r WHERE r.{} IS NULL AND {}")
    await run(writer, delete.format(move.table.identifier, table, gone, _same(move, "w", "r")))
    staged = await run(writer, sql.SQL("SELECT ctid::text FROM {} WHERE {} IS NULL").format(table, gone))
    places = [str(place) for (place,) in staged]
    refused: dict[str, psycopg.Error] = {}
    waiting = [places] if places else []
    while waiting:
        some = waiting.pop()
        error = await _try(sessions, move, table, some)
        if error is not None and len(some) == 1:
            refused[some[0]] = error
        elif error is not None:
            middle = len(some) // 2
            waiting += [some[middle:], some[:middle]]
    return await _named(sessions, move, table, keys, refused)


async def _try(sessions: Sessions, move: Move, table: sql.Identifier, places: Sequence[str]) -> psycopg.Error | None:
    """Insert the staged rows of these places, and return why they are refused."""
    names = sql.SQL(", ").join(map(sql.Identifier, move.column_names))
    insert = sql.SQL(
        "INSERT INTO {} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {} WHERE ctid = ANY ({}::text[]::tid[])"
    ).format(move.table.identifier, table, sql.Literal(list(places)), names=names)
    try:
        async with sessions.writer.transaction():
            await run(sessions.writer, insert)
            await run(sessions.writer, sql.SQL("SET CONSTRAINTS ALL IMMEDIATE"))
    except psycopg.Error as error:
        if not sqlstates.may_be_of_a_row(error.sqlstate or ""):
            raise
        return error
    return None


async def _named(
    sessions: Sessions,
    move: Move,
    table: sql.Identifier,
    keys: Sequence[Key] | None,
    refused: Mapping[str, psycopg.Error],
) -> list[Refusal]:
    """Name the source rows of the staged rows at these places, by the keys that both have."""
    if not refused or move.plan is None:
        return []
    by_name = {column.name: column.value for column in move.columns}
    query = sql.SQL("SELECT {}, ctid::text FROM {} WHERE ctid = ANY ({}::text[]::tid[])").format(
        _as_one([sql.Identifier(name) for name in move.key]), table, sql.Literal(list(refused))
    )
    place_of = dict(await run(sessions.writer, query))
    query = sql.SQL(
        "SELECT * FROM (SELECT {} AS written, {} AS key FROM {} WHERE {}) AS rows WHERE written = ANY ({}::text[])"
    ).format(
        _as_one([by_name[name] for name in move.key]), move.plan.source_key or sql.SQL("NULL::text"),
        move.from_clause, key_sql.among(move.source, keys) if keys is not None else sql.SQL("true"),
        sql.Literal(list(place_of)),
    )  # fmt: skip
    named = await run(sessions.reader, query)
    return [await _refusal(sessions, move, str(key or ""), refused[place_of[written]]) for written, key in named]


async def _refusal(sessions: Sessions, move: Move, key: str, error: psycopg.Error) -> Refusal:
    state, constraint, column = sqlstate(error), error.diag.constraint_name, error.diag.column_name
    code = CODES.get(state, "uncomputable")
    if state == "23514":
        code = "check-violated" if constraint else "no-partition"
    columns = (column,) if column else ()
    if constraint:
        params = {"table": move.table.oid, "name": constraint}
        cursor = await sessions.writer.execute(queries.load("constrained_columns"), params)
        columns = tuple(name for (name,) in await cursor.fetchall())
    return Refusal(key, code, explain(error), columns)


def _as_one(values: Sequence[sql.Composable]) -> sql.Composable:
    """Return a key's values as one text that both servers write alike."""
    return sql.SQL("pg_catalog.jsonb_build_array({})::text").format(
        sql.SQL(", ").join(sql.SQL("({})::text").format(value) for value in values)
    )


def _same(move: Move, one: str, other: str) -> sql.Composable:
    types = {column.name: column.type for column in move.table.columns}
    return sql.SQL(" AND ").join(
        sql.SQL("{} {} {}").format(sql.Identifier(one, name), key_sql.equals(types[name]), sql.Identifier(other, name))
        for name in move.key
    )


def by_cause(refused: Sequence[Refusal]) -> list[list[Refusal]]:
    """Return the refused rows in groups, each of one cause."""
    causes: dict[tuple[str, str], list[Refusal]] = {}
    for one in refused:
        causes.setdefault((one.code, one.reason), []).append(one)
    return list(causes.values())
