"""From a source's keys to the written ones, and back: the texts of both, as their servers write them."""

import json
from collections.abc import Iterable, Mapping, Sequence

from psycopg import sql

from payrollx_db.consolidate.follow import keys as key_sql
from payrollx_db.consolidate.follow.flow import Move, Watched
from payrollx_db.consolidate.follow.naming import keys_by_text
from payrollx_db.consolidate.plan.mapping import ROW, from_item
from payrollx_db.postgres.introspect import Column
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.script import run_script
from payrollx_db.postgres.session import Connection, run

# Types of a source's key whose texts may be what the written key's are.
SPELLED_ALIKE = frozenset({"text", "varchar", "bpchar", "uuid", "int2", "int4", "int8"})


def written(move: Move) -> Watched:
    """Return the written table with the columns that identify its rows, so that their keys can be asked for."""
    return Watched(move.table, columns_of(move, move.key))


def columns_of(move: Move, names: Iterable[str]) -> tuple[Column, ...]:
    """Return the written table's columns of these names."""
    return tuple(column for name in names if (column := move.table.column(name)) is not None)


async def written_keys(reader: Connection, move: Move, keys: Sequence[Key]) -> dict[Key, Key]:
    """Return the source's keys by the written ones that they lead to, whether they have a row or not.

    A key that can't be converted leads to none. ``reader`` is a session of the side that is read.
    """
    leading: dict[Key, Key] = {}
    for some in key_sql.chunks(keys):
        leading |= dict(_pairs(move, await run(reader, _leading(move, some))))
    return leading


async def written_keys_of_all(
    reader: Connection, moves: Iterable[Move], keys: Mapping[str, Sequence[Key]]
) -> dict[str, list[Key]]:
    """Return by the name of each move the written keys that the source's ``keys``, by table, lead to: in one script."""
    leading: dict[str, dict[Key, None]] = {move.name: {} for move in moves}
    asked = [(move, some) for move in moves for some in key_sql.chunks(keys.get(move.source.table.full_name, ()))]
    answers = await run_script(reader, [_leading(move, some) for move, some in asked]) if asked else []
    for (move, _), rows in zip(asked, answers, strict=True):
        leading[move.name].update((key, None) for key, _ in _pairs(move, rows))
    return {name: list(some) for name, some in leading.items()}


async def source_keys(reader: Connection, move: Move, keys: Sequence[Key]) -> dict[Key, Key]:
    """Return for written keys those of the source that lead to them, as far as these have a row there.

    Most are spelled alike on both sides, and are found by the source's own key; for others all of it is searched.
    """
    found: dict[Key, Key] = {}
    if keys and _may_be_spelled_alike(move):
        leading = await written_keys(reader, move, keys)
        there = await _existing(reader, move, list(leading.values()))
        found = {key: leading[key] for key in keys if leading.get(key) in there}
    left = [key for key in keys if key not in found]
    return found | (await _search(reader, move, left) if left else {})


def texts_of(move: Move, keys: Mapping[Key, Key]) -> dict[Key, str]:
    """Return for written keys, by their source's, what the source's rows are called in the quarantine."""
    if move.plan is None:
        return {}
    named = {key: text for text, key in keys_by_text(move.source, move.plan, keys.values()).items()}
    return {written_key: named[source] for written_key, source in keys.items() if source in named}


def _may_be_spelled_alike(move: Move) -> bool:
    """Tell whether each column of the written key is made of the source's key column at the same place."""
    if move.plan is None or len(move.key) != len(move.source.key):
        return False
    sources = {column.target.name: column.sources for column in move.plan.columns}
    pairs = zip(move.key, move.source.key, strict=True)
    return all(sources.get(name) == (column.name,) and column.type.name in SPELLED_ALIKE for name, column in pairs)


async def _existing(reader: Connection, move: Move, keys: Sequence[Key]) -> set[Key]:
    there: set[Key] = set()
    for some in key_sql.chunks(keys):
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            _source_texts(move), from_item(move.source.table), key_sql.among(move.source, some)
        )
        there |= {tuple(row) for row in await run(reader, query)}
    return there


async def _search(reader: Connection, move: Move, keys: Sequence[Key]) -> dict[Key, Key]:
    query = sql.SQL("SELECT {}, {} FROM {} WHERE pg_catalog.jsonb_build_array({}) IN ({})").format(
        _written_texts(move),
        _source_texts(move),
        move.from_clause,
        _written_texts(move),
        sql.SQL("SELECT k.key FROM pg_catalog.jsonb_array_elements({}::jsonb) AS k (key)").format(
            sql.Literal(json.dumps(keys, ensure_ascii=False))
        ),
    )
    return dict(_pairs(move, await run(reader, query)))


def _leading(move: Move, keys: Sequence[Key]) -> sql.Composable:
    return sql.SQL("SELECT {}, {} FROM {} AS {}").format(
        _written_texts(move), _source_texts(move), key_sql.key_rows(move.source, keys), sql.Identifier(ROW)
    )


def _pairs(move: Move, rows: Iterable[tuple[str | None, ...]]) -> Iterable[tuple[Key, Key]]:
    size = len(move.key)
    return ((row[:size], row[size:]) for row in rows if None not in row[:size])


def _written_texts(move: Move) -> sql.Composable:
    by_name = {column.name: column for column in move.columns}
    texts = (sql.SQL("({})::text").format(key_sql.of_key(by_name[name])) for name in move.key)
    return sql.SQL(", ").join(texts)


def _source_texts(move: Move) -> sql.Composable:
    return sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(ROW, c.name)) for c in move.source.key)
