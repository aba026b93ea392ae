"""From keys to rows: the queries that read the rows of some keys, and tell which keys have no row any more.

Keys go into a statement as one literal a column, since parameters would cost round trips; chunks of them bound how long
a statement gets.
"""

from collections.abc import Iterable, Iterator, Sequence

from psycopg import sql

from payrollx_db.consolidate.follow.flow import Move, MovedColumn, Watched
from payrollx_db.consolidate.plan.mapping import ROW
from payrollx_db.postgres.column_types import ColumnType
from payrollx_db.postgres.introspect import Column
from payrollx_db.postgres.replication.changes import Key

CHUNK = 20_000  # keys in one statement at most
GONE = "payrollx_gone"  # the staging table's column that marks keys without a row
PRESENT = "present"


def chunks(keys: Iterable[Key], size: int = CHUNK) -> Iterator[list[Key]]:
    """Yield the keys in lists of ``size`` at most."""
    everything = list(keys)
    for start in range(0, len(everything), size):
        yield everything[start : start + size]


def rows_of(move: Move, keys: Sequence[Key]) -> sql.Composable:
    """Return the query of the written rows that these keys have now: each once, whatever keys lead to it."""
    return rows_where(move, among(move.source, keys))


def rows_where(move: Move, condition: sql.Composable | None = None) -> sql.Composable:
    """Return the query of the written rows of the read rows (alias ``s``) of which ``condition`` is true."""
    values = sql.SQL(", ").join(column.value for column in move.columns)
    where = sql.SQL(" WHERE {}").format(condition) if condition is not None else sql.SQL("")
    return sql.SQL("SELECT {} FROM {}{}").format(values, move.from_clause, where)


def gone_of(move: Move, keys: Sequence[Key]) -> sql.Composable:
    """Return the query of the written keys, marked as gone, of those keys that have no row any more.

    A key counts as having one only where it is spelled the same: what is equal there, by a collation say, needn't be
    here. A key whose value can't be converted was never written, and comes as NULL.
    """
    table = sql.SQL("{}{}").format(
        sql.SQL("" if move.source.table.kind == "p" else "ONLY "), move.source.table.identifier
    )
    same = sql.SQL(" AND ").join(_is_spelled_as(column) for column in move.source.key)
    values = sql.SQL(", ").join(_of_key(column) for column in move.columns if column.name in move.key)
    query = (
        "SELECT {values}, true FROM {keys} AS {row} WHERE NOT EXISTS (SELECT FROM {table} AS {present} WHERE {same})"
    )
    return sql.SQL(query).format(
        values=values,
        keys=key_rows(move.source, keys),
        row=sql.Identifier(ROW),
        table=table,
        present=sql.Identifier(PRESENT),
        same=same,
    )  # fmt: skip


def gone_columns(move: Move) -> list[str]:
    """Return the staging table's columns that `gone_of` fills, in its order."""
    return [*(column.name for column in move.columns if column.name in move.key), GONE]


def among(watched: Watched, keys: Sequence[Key], alias: str = ROW) -> sql.Composable:
    """Return the condition that the row called ``alias`` has one of these keys."""
    if len(watched.key) == 1 and not _is_nested(watched.key[0].type):
        (column,) = watched.key
        return sql.SQL("{} {} ANY ({})").format(
            sql.Identifier(alias, column.name), equals(column.type), _array([key[0] for key in keys], column.type)
        )
    same = sql.SQL(" AND ").join(
        sql.SQL("{} {} {}").format(sql.Identifier(alias, c.name), equals(c.type), sql.Identifier("k", c.name))
        for c in watched.key
    )
    return sql.SQL("EXISTS (SELECT FROM {} AS k WHERE {})").format(key_rows(watched, keys), same)


def key_rows(watched: Watched, keys: Sequence[Key]) -> sql.Composable:
    """Return these keys as a FROM item without alias: a subquery with the key's columns, in their types."""
    names = sql.SQL(", ").join(sql.Identifier(f"k{number}") for number in range(len(watched.key)))
    arrays = sql.SQL(", ").join(
        _array([key[number] for key in keys], column.type) for number, column in enumerate(watched.key)
    )
    columns = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(_unnested(sql.Identifier(f"k{number}"), column.type), sql.Identifier(column.name))
        for number, column in enumerate(watched.key)
    )
    return sql.SQL("(SELECT {} FROM ROWS FROM (pg_catalog.unnest({})) AS u ({}))").format(columns, arrays, names)


def equals(kind: ColumnType) -> sql.Composable:
    """Return the operator that tells whether two values of a type are equal: the type's own, wherever it lies."""
    schema = kind.schema if kind.extension and kind.kind == "b" else "pg_catalog"
    return sql.SQL("OPERATOR({}.=)").format(sql.Identifier(schema))


def _of_key(column: MovedColumn) -> sql.Composable:
    """Return a key column's value, NULL where its rule doesn't take what the key has."""
    if column.valid is None:
        return column.value
    return sql.SQL("CASE WHEN coalesce({}, true) THEN {} END").format(column.valid, column.value)


def _is_spelled_as(column: Column) -> sql.Composable:
    there, key = sql.Identifier(PRESENT, column.name), sql.Identifier(ROW, column.name)
    return sql.SQL("{} {} {} AND {}::text = {}::text").format(there, equals(column.type), key, there, key)


def _is_nested(kind: ColumnType) -> bool:
    """Tell whether an array of values of a type would not be one: arrays of arrays are flattened, rows take apart."""
    return kind.is_array or kind.kind == "c"


def _unnested(name: sql.Identifier, kind: ColumnType) -> sql.Composable:
    return sql.SQL("{}::{}").format(name, _type(kind)) if _is_nested(kind) else name


def _array(texts: Sequence[str | None], kind: ColumnType) -> sql.Composable:
    element = sql.SQL("text") if _is_nested(kind) else _type(kind)
    return sql.SQL("{}::{}[]").format(sql.SQL(_literal(texts)), element)  # type: ignore[arg-type]


def _type(kind: ColumnType) -> sql.Composable:
    """Return a type's name without its limits: what the column holds keeps to them."""
    return sql.Identifier(kind.schema, kind.name)


def _literal(texts: Sequence[str | None]) -> str:
    """Return an array's literal. Ours to write, as there may be a million of them."""
    if None not in texts:
        joined = '","'.join(texts)  # type: ignore[arg-type]
        if "\\" not in joined and joined.count('"') == 2 * (len(texts) - 1):
            return "'{\"" + joined.replace("'", "''") + "\"}'" if texts else "'{}'"
    parts = ("NULL" if t is None else '"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"' for t in texts)
    text = "{" + ",".join(parts) + "}"
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
