"""From keys to rows: the queries that read the rows of some keys, and tell which keys have no row any more.

Keys go into a statement as one literal a column, since parameters would cost round trips; chunks of them bound how long
a statement gets.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from psycopg import sql

from payrollx_db.consolidate.follow.flow import Also, Move, MovedColumn, Watched
from payrollx_db.consolidate.plan.mapping import ROW, ColumnPlan, from_item
from payrollx_db.postgres.column_types import ColumnType
from payrollx_db.postgres.introspect import Column
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.script import as_text
from payrollx_db.postgres.session import render_sql

CHUNK = 20_000  # keys in one statement at most
GONE = "payrollx_gone"  # the staging table's column that marks keys without a row
KEYS, WRITTEN = "k", "t"
# Rules by which a value is spelled alike on both sides; where one is not, it is not found by its usual spelling.
SPELLED = ("same type", "text to uuid")


def chunks(keys: Iterable[Key], size: int = CHUNK) -> Iterator[list[Key]]:
    """Yield the keys in lists of ``size`` at most."""
    everything = list(keys)
    for start in range(0, len(everything), size):
        yield everything[start : start + size]


def rows_of(
    move: Move,
    keys: Sequence[Key] | None,
    condition: sql.Composable | None = None,
    values: Sequence[sql.Composable] = (),
) -> sql.Composable:
    """Return the query of the written rows that these keys have now: each once, whatever keys lead to it.

    Without ``keys``, it is of all rows. ``condition`` is a further one of read rows, ``values`` stand for the columns'
    own expressions.
    """
    parts = [among(move.source, keys)] if keys is not None else []
    parts += [condition] if condition is not None else []
    return sql.SQL("{}{}").format(_select(move, values), _where(parts))


def gone_of(move: Move, keys: Sequence[Key], condition: sql.Composable | None = None) -> sql.Composable:
    """Return the query of the written keys, marked as gone, of those keys that have no row any more.

    A key counts as having one only where it is spelled the same: what is equal there, by a collation say, needn't be
    here. A key whose value can't be converted was never written, and comes as NULL.
    """
    names = sql.SQL(", ").join(sql.Identifier(KEYS, column.name) for column in move.source.key)
    rows = sql.SQL("(SELECT {} FROM {})").format(names, _without_row(move, keys, condition))
    return _written_keys(move, rows, sql.SQL("true"))


def out_of(move: Move, keys: Sequence[Key]) -> sql.Composable:
    """Return the query of the written keys of these keys, marked as staying out though they may have rows."""
    return _written_keys(move, key_rows(move.source, keys), sql.SQL("false"))


def unfit_of(move: Move, condition: sql.Composable) -> sql.Composable:
    """Return the query of the written keys, marked as staying out, of all rows that don't meet the condition."""
    values = sql.SQL(", ").join(of_key(column) for column in move.columns if column.name in move.key)
    query = "SELECT {}, false FROM {} WHERE ({}) IS NOT TRUE"
    return sql.SQL(query).format(values, move.from_clause, condition)


def gone_columns(move: Move) -> list[str]:
    """Return the staging table's columns that `gone_of` and `out_of` fill, in their order."""
    return [*(column.name for column in move.columns if column.name in move.key), GONE]


def concerned(move: Move, also: Also, keys: Sequence[Key], condition: sql.Composable | None = None) -> sql.Composable:
    """Return the query of the keys, as texts, of the rows of ``move`` that rows of another table concern.

    ``condition`` is a further one of these rows.
    """
    names = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(ROW, c.name)) for c in move.source.key)
    on = sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(KEYS, theirs), sql.Identifier(ROW, ours)) for theirs, ours in also.on
    )
    query = sql.SQL("SELECT DISTINCT {} FROM {} JOIN {} AS {} ON {}{}")
    where = _where([condition] if condition is not None else [])
    rows = key_rows(also.watched, keys)
    return query.format(names, from_item(move.source.table), rows, sql.Identifier(KEYS), on, where)


def written_of(move: Move, also: Also, keys: Sequence[Key]) -> sql.Composable | None:
    """Return the query of what keys of another table become in the written column that points at it.

    ``None`` where no column is filled from that one alone, or the move's own key isn't written one for one.
    """
    pointing = _pointing(move, also)
    if pointing is None or _own_keys(move) is None:
        return None
    ((theirs, ours),) = also.on
    value = of_key(MovedColumn("", pointing.conversion.value, pointing.conversion.valid))
    keys_item = sql.SQL("(SELECT {} AS {} FROM {} AS {})").format(
        sql.Identifier(KEYS, theirs), sql.Identifier(ours), key_rows(also.watched, keys), sql.Identifier(KEYS)
    )
    return sql.SQL("SELECT ({})::text FROM {} AS {}").format(value, keys_item, sql.Identifier(ROW))


def named_here(move: Move, also: Also, values: Sequence[Key]) -> sql.Composable:
    """Return the query, for the written side, of the keys of the rows that point at these values."""
    pointing, own = _pointing(move, also), _own_keys(move)
    if pointing is None or own is None:
        raise AssertionError  # `written_of` has said so
    names = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(WRITTEN, name)) for name in own)
    kind = pointing.target.type
    return sql.SQL("SELECT {} FROM {} AS t WHERE {} {} ANY ({})").format(
        names, move.table.identifier, sql.Identifier(WRITTEN, pointing.target.name), equals(kind),
        _array([value[0] for value in values], kind),
    )  # fmt: skip


def there_of(move: Move, keys: Sequence[Key]) -> sql.Composable:
    """Return the query of those of ``keys`` that are there."""
    names = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(ROW, c.name)) for c in move.source.key)
    return sql.SQL("SELECT {} FROM {} WHERE {}").format(names, from_item(move.source.table), among(move.source, keys))


def _pointing(move: Move, also: Also) -> ColumnPlan | None:
    """Return the written column that holds what points at the other table, and nothing else."""
    if move.plan is None or len(also.on) != 1:
        return None
    ours = also.on[0][1]
    own = (c for c in move.plan.columns if c.sources == (ours,) and c.conversion.rule in SPELLED)
    return next((column for column in own if not _is_nested(column.target.type)), None)


def _own_keys(move: Move) -> list[str] | None:
    """Return the written columns that hold the columns of the read row's key, in their order."""
    if move.plan is None:
        return None
    own = {
        c.sources[0]: c.target.name for c in move.plan.columns if len(c.sources) == 1 and c.conversion.rule in SPELLED
    }
    names = [own.get(column.name) for column in move.source.key]
    return [name for name in names if name is not None] if None not in names else None


def among(watched: Watched, keys: Sequence[Key], alias: str = ROW) -> sql.Composable:
    """Return the condition that the row called ``alias`` has one of these keys."""
    if len(watched.key) == 1 and not _is_nested(watched.key[0].type):
        begin, end = _one_of(alias, watched.key[0])
        return sql.SQL(f"{begin}{_literal([key[0] for key in keys])}{end}")
    same = sql.SQL(" AND ").join(
        sql.SQL("{} {} {}").format(sql.Identifier(alias, c.name), equals(c.type), sql.Identifier("k", c.name))
        for c in watched.key
    )
    return sql.SQL("EXISTS (SELECT FROM {} AS k WHERE {})").format(key_rows(watched, keys), same)


def canonical_among(
    expressions: Mapping[str, sql.Composable], keys: Sequence[Mapping[str, str | None]]
) -> sql.Composable:
    """Return the condition that a row's key is one of ``keys``, in the canonical form that a comparison has them in."""
    values = sql.SQL(", ").join(sql.SQL("({})::text").format(value) for value in expressions.values())
    arrays = sql.SQL(", ").join(
        sql.SQL("pg_catalog.unnest({}::pg_catalog.text[])").format(sql.Literal([key[name] for key in keys]))
        for name in expressions
    )
    return sql.SQL("({}) IN (SELECT * FROM ROWS FROM ({}) AS k)").format(values, arrays)


def key_rows(watched: Watched, keys: Sequence[Key]) -> sql.Composable:
    """Return these keys as a FROM item without alias: a subquery with the key's columns, in their types."""
    names = sql.SQL(", ").join(sql.Identifier(f"k{number}") for number in range(len(watched.key)))
    # One call each: unnest takes several arrays by its bare name only, which is a syntax of its own.
    arrays = sql.SQL(", ").join(
        sql.SQL("pg_catalog.unnest({})").format(_array([key[number] for key in keys], column.type))
        for number, column in enumerate(watched.key)
    )
    columns = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(_unnested(sql.Identifier(f"k{number}"), column.type), sql.Identifier(column.name))
        for number, column in enumerate(watched.key)
    )
    return sql.SQL("(SELECT {} FROM ROWS FROM ({}) AS u ({}))").format(columns, arrays, names)


def equals(kind: ColumnType) -> sql.Composable:
    """Return the operator that tells whether two values of a type are equal: the type's own, wherever it lies."""
    schema = kind.schema if kind.extension and kind.kind == "b" else "pg_catalog"
    return sql.SQL("OPERATOR({}.=)").format(sql.Identifier(schema))


def of_key(column: MovedColumn) -> sql.Composable:
    """Return a key column's value, NULL where its rule doesn't take what the key has."""
    if column.valid is None:
        return column.value
    return sql.SQL("CASE WHEN coalesce({}, true) THEN {} END").format(column.valid, column.value)


def _select(move: Move, values: Sequence[sql.Composable]) -> sql.Composable:
    query = sql.SQL("SELECT {} FROM {}")
    own = [column.value for column in move.columns]
    if values and any(value is not mine for value, mine in zip(values, own, strict=True)):
        return query.format(sql.SQL(", ").join(values), move.from_clause)
    if ("select",) not in move.texts:
        move.texts["select",] = as_text(query.format(sql.SQL(", ").join(own), move.from_clause))
    return move.texts["select",]


def _written_keys(move: Move, rows: sql.Composable, mark: sql.SQL) -> sql.Composable:
    values = sql.SQL(", ").join(of_key(column) for column in move.columns if column.name in move.key)
    return sql.SQL("SELECT {}, {} FROM {} AS {}").format(values, mark, rows, sql.Identifier(ROW))


def _without_row(move: Move, keys: Sequence[Key], condition: sql.Composable | None) -> sql.Composable:
    same = [_is_spelled_as(column) for column in move.source.key]
    parts = same if condition is None else [*same, condition]
    return sql.SQL("{} AS {} WHERE NOT EXISTS (SELECT FROM {}{})").format(
        key_rows(move.source, keys), sql.Identifier(KEYS), move.from_clause, _where(parts)
    )


def _is_spelled_as(column: Column) -> sql.Composable:
    row, key = sql.Identifier(ROW, column.name), sql.Identifier(KEYS, column.name)
    return sql.SQL("{} {} {} AND {}::text = {}::text").format(row, equals(column.type), key, row, key)


def _where(parts: Sequence[sql.Composable]) -> sql.Composable:
    return sql.SQL(" WHERE {}").format(sql.SQL(" AND ").join(parts)) if parts else sql.SQL("")


@cache
def _one_of(alias: str, column: Column) -> tuple[str, str]:
    """Return what stands before and behind the literal of a column's keys: passes ask for some all the time."""
    begin = sql.SQL("{} {} ANY (").format(sql.Identifier(alias, column.name), equals(column.type))
    return render_sql(begin), render_sql(sql.SQL("::{}[])").format(_type(column.type)))


def _is_nested(kind: ColumnType) -> bool:
    """Tell whether an array of values of a type would not be one: arrays of arrays are flattened, rows take apart."""
    return kind.is_array or kind.kind == "c"


def _unnested(name: sql.Identifier, kind: ColumnType) -> sql.Composable:
    return sql.SQL("{}::{}").format(name, _type(kind)) if _is_nested(kind) else name


def _array(texts: Sequence[str | None], kind: ColumnType) -> sql.Composable:
    element = sql.SQL("text") if _is_nested(kind) else _type(kind)
    return sql.SQL("{}::{}[]").format(sql.SQL(_literal(texts)), element)


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
