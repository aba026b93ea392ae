"""Rows of the target that point at nothing, among those that may: children that were written, or whose parent went."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from payrollx_db.consolidate.follow import keys as key_sql
from payrollx_db.consolidate.follow.flow import Move, Watched
from payrollx_db.consolidate.follow.written_keys import columns_of, written
from payrollx_db.model.catalog import Reference
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Table
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.script import as_text, run_script
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

CHILD, PARENT = "c", "p"
LONGEST = 4_000_000  # characters of one script, so that memory stays bounded


@dataclass(frozen=True)
class TouchedRows:
    """The written keys that were touched, by the target table's name; ``None`` for a table all of whose rows count."""

    keys: Mapping[str, Sequence[Key] | None]

    def of(self, table: str) -> Sequence[Key] | None:
        """Return the touched keys of a table; none of one that nothing is known of."""
        return self.keys.get(table, ())


@dataclass(frozen=True)
class Orphan:
    """A row of the target that points at nothing: its written key, and the values with which it points, as texts."""

    key: Key
    values: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Look:
    """A reference of the rows of ``child`` at those of ``parent``, which are known by the columns ``parent_key``."""

    reference: Reference
    child: Move
    parent: Table
    parent_key: tuple[str, ...]


async def find_orphans(connection: Connection, look: Look, touched: TouchedRows, most: int) -> list[Orphan]:
    """Return rows whose reference points at no row, at most ``most`` and one more.

    Only those that were touched, or whose parent's key was. Raises psycopg's errors.
    """
    size = len(look.child.key)
    orphans: dict[Key, Orphan] = {}
    for query in _queries(look, touched, most):
        for row in await run(connection, query):
            key, values = tuple(row[:size]), tuple(row[size:])
            orphans[key] = Orphan(key, values)
    return list(orphans.values())


async def with_orphans(connection: Connection, looks: Sequence[Look], touched: TouchedRows) -> list[Look]:
    """Return those of ``looks`` that have any orphan. All are asked in one round trip, or a few. psycopg's errors."""
    asked = [(look, query) for look in looks for query in _queries(look, touched, 0)]
    doubtful: list[Look] = []
    for some in _in_scripts(asked):
        answers = await run_script(connection, [query for _, query in some])
        doubtful += [look for (look, _), rows in zip(some, answers, strict=True) if rows]
    return [look for look in looks if look in doubtful]


def _in_scripts(asked: Iterable[tuple[Look, sql.Composable]]) -> Iterable[list[tuple[Look, sql.Composable]]]:
    """Yield queries as text, in lists of which no text gets too long."""
    script: list[tuple[Look, sql.Composable]] = []
    size = 0
    for look, query in asked:
        text = as_text(query)
        length = len(text.as_string())
        if script and size + length > LONGEST:
            yield script
            script, size = [], 0
        script.append((look, text))
        size += length
    if script:
        yield script


def _queries(look: Look, touched: TouchedRows, most: int) -> Iterator[sql.Composable]:
    for condition in _conditions(look.reference, look.child, look.parent, touched, look.parent_key):
        yield _query(look.reference, look.child, look.parent, condition, most)


def _conditions(
    reference: Reference, child: Move, parent: Table, touched: TouchedRows, parent_key: Sequence[str]
) -> list[sql.Composable]:
    """Return the conditions of the children to look at, each to be asked by itself, so that an index serves it."""
    mine, theirs = touched.of(child.name), touched.of(parent.full_name)
    if mine is None or theirs is None:
        return [sql.SQL("true")]
    conditions = [key_sql.among(written(child), some, CHILD) for some in key_sql.chunks(mine)]
    if theirs and set(reference.target_columns) != set(parent_key):
        return [sql.SQL("true")]  # it points at other columns: which values these had, nobody has noted
    if theirs:
        pointing = Watched(child.table, columns_of(child, reference.columns))
        places = [list(parent_key).index(name) for name in reference.target_columns]
        keys = [tuple(key[place] for place in places) for key in theirs]
        conditions += [key_sql.among(pointing, some, CHILD) for some in key_sql.chunks(keys)]
    return conditions


def _query(reference: Reference, child: Move, parent: Table, condition: sql.Composable, most: int) -> sql.Composable:
    names = [sql.SQL("{}::text").format(sql.Identifier(CHILD, name)) for name in (*child.key, *reference.columns)]
    complete = [sql.SQL("{} IS NOT NULL").format(sql.Identifier(CHILD, name)) for name in reference.columns]
    return sql.SQL(queries.load("orphans")).format(
        values=sql.SQL(", ").join(names),
        child=_item(child.table, CHILD),
        parent=_item(parent, PARENT),
        complete=sql.SQL(" AND ").join(complete),
        same=sql.SQL(" AND ").join(_equal(reference, child.table, parent)),
        condition=condition,
        most=sql.Literal(most + 1),
    )


def _equal(reference: Reference, child: Table, parent: Table) -> Iterable[sql.Composable]:
    for ours, theirs in zip(reference.columns, reference.target_columns, strict=True):
        mine, other = child.column(ours), parent.column(theirs)
        alike = mine is not None and other is not None and mine.type.bare.name == other.type.bare.name
        if alike and other is not None:
            yield sql.SQL("{} {} {}").format(
                sql.Identifier(PARENT, theirs), key_sql.equals(other.type), sql.Identifier(CHILD, ours)
            )
        else:  # an integer may point at a bigint: whatever operator the server finds for the two
            yield sql.SQL("{} = {}").format(sql.Identifier(PARENT, theirs), sql.Identifier(CHILD, ours))


def _item(table: Table, alias: str) -> sql.Composable:
    only = sql.SQL("" if table.kind == "p" else "ONLY ")
    return sql.SQL("{}{} AS {}").format(only, table.identifier, sql.Identifier(alias))
