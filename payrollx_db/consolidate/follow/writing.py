"""The written side of a pass: the staging tables, and the statements by which rows get from there into their tables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Concatenate, ParamSpec

from psycopg import sql

from payrollx_db.consolidate.follow.flow import Move
from payrollx_db.consolidate.follow.gate import LET_THROUGH
from payrollx_db.consolidate.follow.keys import GONE, canonical_among, equals, gone_columns
from payrollx_db.consolidate.plan.mapping import ROW
from payrollx_db.postgres import locks
from payrollx_db.postgres.introspect import Table
from payrollx_db.postgres.script import as_text

P = ParamSpec("P")
Composing = Callable[Concatenate[Move, int, P], sql.Composable]

# Money is written and read in one way at both ends, where it goes over as text: a comma may be a point elsewhere.
ONE_MONEY = sql.SQL("SET LOCAL lc_monetary = 'C'")
# Up to where the log is written, and up to where it is durable.
LOG_ENDS = sql.SQL("""
SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::text,
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_flush_lsn(), '0/0')::text
""")
HAD = "payrollx_had"  # the staging table's column that marks rows with an older version, whose own values it has
# A commit of something, which is waited for, makes durable all that was committed before.
FLUSH = (
    sql.SQL("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"),
    sql.SQL("SET LOCAL synchronous_commit = local"),
    sql.SQL("SELECT pg_catalog.pg_current_xact_id()"),
    sql.SQL("COMMIT"),
)
# With what a writing transaction of the run begins.
OPENING = (
    sql.SQL("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"),
    locks.RUN.statement(locks.PASS),
    LET_THROUGH,
)
STAGED, WRITTEN, OTHER = sql.SQL("r"), sql.SQL("t"), sql.SQL("g")


def composed_once(compose: Composing[P]) -> Composing[P]:
    """Keep what ``compose`` returns for a move, its number and options, as text; not what names single rows.

    Those, by ``places``, are others in each pass.
    """

    def kept(move: Move, number: int, /, *args: P.args, **options: P.kwargs) -> sql.Composable:
        if options.get("places") is not None:
            return compose(move, number, *args, **options)
        place = (compose.__name__, number, *args, *options.items())
        if place not in move.texts:
            move.texts[place] = as_text(compose(move, number, *args, **options))
        return move.texts[place]

    return kept


def staging_name(number: int) -> str:
    """Return what the staging table of a flow's move is called, by the move's number."""
    return f"payrollx_staging_{number}"


@composed_once
def make_staging(move: Move, number: int) -> sql.Composable:
    """Return the statement that makes a move's staging table, for as long as the session lasts."""
    query = (
        "CREATE TEMP TABLE {} ON COMMIT DELETE ROWS AS SELECT {}, NULL::pg_catalog.bool AS {},"
        " NULL::pg_catalog.bool AS {} FROM {} AS t WITH NO DATA"
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, (*move.column_names, *move.kept)))
    return sql.SQL(query).format(
        sql.Identifier("pg_temp", staging_name(number)), columns, sql.Identifier(GONE), sql.Identifier(HAD),
        move.table.identifier,
    )  # fmt: skip


@composed_once
def copy_rows(move: Move, number: int) -> sql.Composable:
    """Return the COPY that takes rows into a move's staging table."""
    return _copy_into(move, number, move.column_names)


@composed_once
def copy_gone(move: Move, number: int) -> sql.Composable:
    """Return the COPY that takes the keys of rows that are gone, or stay out, into a move's staging table."""
    return _copy_into(move, number, gone_columns(move))


def mark_surplus(move: Move, number: int, keys: Sequence[Mapping[str, str | None]]) -> sql.Composable:
    """Return the statement that marks rows of the written table as gone, named by their canonical keys."""
    plan = move.plan
    expressions = {c.target.name: c.target_canonical for c in plan.key} if plan is not None else {}
    columns = sql.SQL(", ").join(map(sql.Identifier, (name for name in move.column_names if name in move.key)))
    query = "INSERT INTO {} ({}, {}) SELECT {}, true FROM {} AS {} WHERE {}"
    return sql.SQL(query).format(
        _staging(number), columns, sql.Identifier(GONE), columns, _target(move.table), sql.Identifier(ROW),
        canonical_among(expressions, keys),
    )  # fmt: skip


@composed_once
def delete_gone(move: Move, number: int) -> sql.Composable:
    """Return the statement that deletes the rows whose keys are gone, and not staged under another spelling."""
    query = (
        "DELETE FROM {table} AS t USING {staging} AS r WHERE r.{gone} IS {marked} AND {same}"
        " AND (NOT r.{gone} OR NOT EXISTS (SELECT FROM {staging} AS g WHERE g.{gone} IS NULL AND {other})){touched}"
    )
    return sql.SQL(query).format(
        table=_target(move.table),
        staging=_staging(number),
        gone=sql.Identifier(GONE),
        same=_same(move, WRITTEN, STAGED),
        other=_same(move, OTHER, STAGED),
        marked=sql.SQL("TRUE" if move.spares else "NOT NULL"),
        touched=_touched(move),
    )


@composed_once
def delete_others(move: Move, number: int) -> sql.Composable:
    """Return the statement that deletes all rows that aren't staged, where all rows of a table are."""
    query = "DELETE FROM {table} AS t WHERE NOT EXISTS (SELECT FROM {staging} AS r WHERE {staged}{same}){touched}"
    staged = sql.SQL("" if move.spares else "r.{} IS NULL AND ").format(sql.Identifier(GONE))
    return sql.SQL(query).format(
        staged=staged,
        touched=_touched(move),
        table=_target(move.table),
        staging=_staging(number),
        same=_same(move, WRITTEN, STAGED),
    )


@composed_once
def upsert(move: Move, number: int, *, out: bool, places: Sequence[str] | None = None) -> sql.Composable:
    """Return the statement that inserts the staged rows, and updates those that are there and differ.

    Which do is told byte by byte: what compares as equal may still be another value. ``out`` says that some of them
    were found to stay out; ``places`` limits it to those with these ctids.
    """
    rest = [name for name in move.column_names if name not in move.key]
    changes = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in rest)
    theirs = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in rest)
    ours = sql.SQL(", ").join(sql.SQL("excluded.{}").format(sql.Identifier(name)) for name in rest)
    action = sql.SQL("UPDATE SET {} WHERE ROW({})::record OPERATOR(pg_catalog.*<>) ROW({})::record").format(
        changes, theirs, ours
    )
    key = sql.SQL(", ").join(map(sql.Identifier, move.key))
    tail = sql.SQL(" ON CONFLICT ({}) DO {}").format(key, action if rest else sql.SQL("NOTHING"))
    return sql.SQL("{}{}").format(insert(move, number, out=out, places=places), tail)


@composed_once
def delete_staged(move: Move, number: int) -> sql.Composable:
    """Return the statement that deletes the rows that are staged, to be inserted anew."""
    query = "DELETE FROM {table} AS t USING {staging} AS r WHERE r.{gone} IS NULL AND {same}"
    return sql.SQL(query).format(
        table=_target(move.table),
        staging=_staging(number),
        gone=sql.Identifier(GONE),
        same=_same(move, WRITTEN, STAGED),
    )


@composed_once
def leave_unknown(move: Move, number: int) -> sql.Composable:
    """Return the statement that takes out of the staged rows those that the written table doesn't have."""
    query = "DELETE FROM {staging} AS r WHERE r.{gone} IS NULL AND NOT EXISTS (SELECT FROM {table} AS t WHERE {same})"
    return sql.SQL(query).format(
        staging=_staging(number), gone=sql.Identifier(GONE), table=_target(move.table),
        same=_same(move, WRITTEN, STAGED),
    )  # fmt: skip


def replacement(move: Move, number: int, *, out: bool) -> list[sql.Composable]:
    """Return the statements that delete the staged rows and insert them anew; only the last ones insert.

    Columns that nothing fills keep their values: they are staged with the rows before these go.
    """
    if not move.kept:
        return [delete_staged(move, number), insert(move, number, out=out)]
    inserts = [insert(move, number, out=out, kept=kept) for kept in (True, False)]
    return [keep_values(move, number), delete_staged(move, number), *inserts]


def keep_values(move: Move, number: int) -> sql.Composable:
    """Return the statement that stages, with each row, the values that its older version has and keeps."""
    values = sql.SQL(", ").join(sql.SQL("{0} = t.{0}").format(sql.Identifier(name)) for name in move.kept)
    return sql.SQL("UPDATE {} AS r SET {}, {} = true FROM {} AS t WHERE r.{} IS NULL AND {}").format(
        _staging(number), values, sql.Identifier(HAD), _target(move.table), sql.Identifier(GONE),
        _same(move, WRITTEN, STAGED),
    )  # fmt: skip


@composed_once
def insert(
    move: Move, number: int, *, out: bool, kept: bool | None = None, places: Sequence[str] | None = None
) -> sql.Composable:
    """Return the statement that inserts the staged rows, but for those that stay out, where ``out`` says there are.

    ``kept`` limits it to those that had an older version, with the values that this one keeps, or to the others;
    ``places`` to those with these ctids.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, (*move.column_names, *(move.kept if kept else ()))))
    query = "INSERT INTO {} AS t ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} AS r WHERE r.{} IS NULL{}{}"
    of_kept = sql.SQL("") if kept is None else sql.SQL(" AND r.{} IS {} TRUE").format(
        sql.Identifier(HAD), sql.SQL("" if kept else "NOT")
    )  # fmt: skip
    at_places: sql.Composable = sql.SQL("")
    if places is not None:
        at_places = sql.SQL(" AND r.ctid = ANY ({}::text[]::tid[])").format(sql.Literal(list(places)))
    inside = sql.SQL(" AND NOT EXISTS (SELECT FROM {} AS g WHERE g.{} = false AND {})").format(
        _staging(number), sql.Identifier(GONE), _same(move, OTHER, STAGED)
    )
    return sql.SQL(query).format(
        move.table.identifier, columns, columns, _staging(number), sql.Identifier(GONE),
        inside if out else sql.SQL(""), sql.SQL("{}{}").format(of_kept, at_places),
    )  # fmt: skip


def takes_updates(move: Move) -> bool:
    """Tell whether rows can be updated in place: by a unique index, and in no column that is always generated."""
    rest = {name for name in move.column_names if name not in move.key}
    return move.unique and not any(column.always_identity and column.name in rest for column in move.table.columns)


def lock_tables(tables: Iterable[Table]) -> sql.Composable:
    """Return the statement that lets nobody empty or alter these tables while they are read.

    It comes before the snapshot: a table that is emptied afterwards would look empty to it all the same.
    """
    names = sql.SQL(", ").join(
        sql.SQL("{}{}").format(sql.SQL("" if table.kind == "p" else "ONLY "), table.identifier) for table in tables
    )
    return sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names)


def _touched(move: Move) -> sql.Composable:
    return sql.SQL("") if move.untouched is None else sql.SQL(" AND NOT coalesce({}, false)").format(move.untouched)


def _copy_into(move: Move, number: int, names: Sequence[str]) -> sql.Composable:
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT {})").format(_staging(number), columns, sql.SQL(move.form))


def _staging(number: int) -> sql.Identifier:
    return sql.Identifier("pg_temp", staging_name(number))


def _target(table: Table) -> sql.Composable:
    return sql.SQL("{}{}").format(sql.SQL("ONLY " if table.kind == "r" else ""), table.identifier)


def _same(move: Move, one: sql.SQL, other: sql.SQL) -> sql.Composable:
    columns = [column for name in move.key if (column := move.table.column(name)) is not None]
    return sql.SQL(" AND ").join(
        sql.SQL("{0}.{1} {2} {3}.{1}").format(one, sql.Identifier(c.name), equals(c.type), other) for c in columns
    )
