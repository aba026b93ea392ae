"""Emptying the tables that runs have written to, so many in one transaction as any server has locks for.

Tables that point at each other go together, as the server empties none that another one points at; where they are too
many for that, the keys between the groups are dropped and restored. What is looked at
and what is emptied is the same: the tables are locked before.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from psycopg import sql

from payrollx_db.consolidate.copy import rows
from payrollx_db.consolidate.copy.emptying_scopes import empty_scopes
from payrollx_db.consolidate.copy.foreign_keys import GROUP as KEYS_AT_ONCE
from payrollx_db.consolidate.copy.foreign_keys import drop_keys
from payrollx_db.consolidate.copy.indexes import qualified
from payrollx_db.consolidate.copy.rows import in_groups
from payrollx_db.consolidate.copy.selection import partition_roots, with_facts
from payrollx_db.consolidate.plan.destination import Destination
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state.runs import reset_run
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Database, ForeignKey
from payrollx_db.postgres.session import Connection, Endpoint, run

queries = query_files.beside(__name__)

# Locks in one transaction, of the 6,400 that a server has for all of its sessions unless it was given more: tables that
# point at each other go together up to so many.
MOST_LOCKS = 2_000
LOCKS_BESIDE_INDEXES = 3  # the table, its TOAST table and that one's index

Children = Mapping[tuple[str, str], str]  # by table and name of a key, the table whose rows leave it
Check = Callable[[Connection, Sequence[Destination]], Awaitable[None]]


async def empty_tables(
    session: RunSession, target: Endpoint, written: Mapping[int, Collection[Destination]], current: Database,
    check: Check, prepare: Check | None = None, staying: Collection[int] = (),
) -> None:  # fmt: skip
    """Empty what runs have written to, by run, and let their records say so: whole tables first, then scopes of others.

    The runs ``staying`` stay done with other scopes; for all else, see `_empty_whole` and `empty_scopes`. Raises as
    ``check`` does, or TargetError.
    """
    whole = {number: {d.table for d in own if not d.scope} for number, own in written.items()}
    scoped = {number: [d for d in own if d.scope and d.table in current.tables] for number, own in written.items()}
    await _empty_whole(session, target, whole, current, check, prepare)
    await empty_scopes(session, target, scoped, current, check, prepare, staying)


async def statements_to_empty(connection: Connection, current: Database, names: Sequence[str]) -> list[sql.Composed]:
    """Return the statements by which a person empties whole tables, and none beside them, in this order.

    Deleted from, and not truncated, is what tables beside them point at, though these may be empty: the server
    truncates none of those.
    """
    roots = await partition_roots(connection, current)
    held = [(roots.get(key.table, key.table), key.target) for key in current.foreign_keys if key.target in names]
    inside = [(child, parent) for child, parent in held if child in names]
    outside = {parent for child, parent in held if child not in names}
    deleted = await _deleted(connection, current, names, inside, outside)
    truncated = sql.SQL(", ").join(_one(current, name) for name in names if name not in deleted)
    statements = [sql.SQL("TRUNCATE {};").format(truncated)] if len(deleted) < len(names) else []
    return statements + [sql.SQL("DELETE FROM {};").format(_one(current, name)) for name in deleted]


async def _empty_whole(
    session: RunSession, target: Endpoint, written: Mapping[int, Collection[str]], current: Database, check: Check,
    prepare: Check | None,
) -> None:  # fmt: skip
    """Empty the tables that runs have written to, by run, and let their records say so.

    Cut off in between, these are unfinished runs that wrote less. Indexes stay, and so do keys but for those of tables
    of other groups, which are recorded and dropped. ``check`` raises where some of the tables must not be emptied; then
    nothing of its group is. ``prepare`` does what else is to be done before a group is emptied, in its transaction.
    Raises TargetError.
    """
    names = [name for tables in written.values() for name in tables if name in current.tables]
    roots = await partition_roots(session.connection, current)
    # A key of one partition alone: it empties with the table that holds it.
    children = {(key.table, key.name): roots.get(key.table, key.table) for key in current.foreign_keys}
    groups = _groups(dict.fromkeys(names), current, children)
    if len(groups) > 1:  # before the first of them is emptied
        for group in groups:
            await check(session.connection, list(map(Destination, group)))
    between, _ = await with_facts(session.connection, current, _between(groups, current.foreign_keys, children))
    for some in in_groups(between, KEYS_AT_ONCE):
        async with session.transaction() as connection:
            for number, own in written.items():
                await drop_keys(connection, target, number, [key for key in some if key.target in own])
    dropped = {(key.table, key.name) for key in between}
    keys = [key for key in current.foreign_keys if (key.table, key.name) not in dropped]
    for group in groups:
        async with session.transaction() as connection:
            with target.translating_errors("can't lock the tables"):
                tables = sql.SQL(", ").join(map(qualified, group))
                await run(connection, sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(tables))
            destinations = list(map(Destination, group))
            await check(connection, destinations)
            if prepare is not None:
                await prepare(connection, destinations)
            gone = await _empty(connection, target, written, current, group, keys, children)
            for number, own in written.items():
                if ours := [destination for destination in destinations if destination.table in own]:
                    await reset_run(connection, number, ours)
        keys = [key for key in keys if key not in gone]


async def _empty(
    connection: Connection, target: Endpoint, written: Mapping[int, Collection[str]], current: Database,
    group: Sequence[str], keys: Sequence[ForeignKey], children: Children,
) -> list[ForeignKey]:  # fmt: skip
    """Empty one group; return the keys that had to be dropped for it.

    What a key points at that wouldn't come back as it was isn't truncated: nothing points at it, but the key could.
    """
    if not await rows.filled_tables(connection, current.tables, group):
        return []
    child = {key: children[key.table, key.name] for key in keys if key.target in group}
    dropped, fixed = await with_facts(connection, current, [key for key in child if child[key] not in group])
    for number, own in written.items():
        await drop_keys(connection, target, number, [key for key in dropped if key.target in own])
    inside = [(child[key], key.target) for key in child if child[key] in group]
    deleted = await _deleted(connection, current, group, inside, {key.target for key in fixed})
    truncated = [name for name in group if name not in deleted]
    with target.translating_errors("can't empty the tables"):
        if truncated:
            tables = sql.SQL(", ").join(_one(current, name) for name in truncated)
            await run(connection, sql.SQL("TRUNCATE {}").format(tables))
        for name in deleted:
            await run(connection, sql.SQL("DELETE FROM {}").format(_one(current, name)))
    names = {(key.table, key.name) for key in dropped}
    return [key for key in child if (key.table, key.name) in names]


def _one(current: Database, name: str) -> sql.Composable:
    """Return a table to be emptied, without what inherits from it, which is a table of its own."""
    table = current.tables[name]
    return sql.SQL("{}{}").format(sql.SQL("ONLY " if table.kind == "r" else ""), table.identifier)


async def _deleted(
    connection: Connection, current: Database, group: Sequence[str], keys: Sequence[tuple[str, str]],
    pointed_at: Collection[str],
) -> list[str]:  # fmt: skip
    """Return, children first, the tables whose rows are deleted: their triggers don't let them be truncated.

    ``keys`` are pairs of child and parent, ``pointed_at`` further ones that can't be truncated. Neither can what those
    that are deleted from point at.
    """
    oids = {"tables": [current.tables[name].oid for name in group]}
    chosen = {str(name) for (name,) in await run(connection, sql.SQL(queries.load("guarded_tables")), oids)}
    chosen |= set(pointed_at)
    while more := {parent for child, parent in keys if child in chosen} - chosen:
        chosen |= more
    sorter: TopologicalSorter[str] = TopologicalSorter({name: set() for name in sorted(chosen)})
    for child, parent in keys:
        if child in chosen and parent in chosen and child != parent:
            sorter.add(parent, child)
    try:
        return list(sorter.static_order())
    except CycleError:
        return sorted(chosen)


def _between(groups: Sequence[Sequence[str]], keys: Iterable[ForeignKey], children: Children) -> list[ForeignKey]:
    """Return the keys that lead from one of the groups to another."""
    group_of = {name: number for number, group in enumerate(groups) for name in group}
    return [
        key
        for key in keys
        if (child := children[key.table, key.name]) in group_of
        and key.target in group_of
        and group_of[child] != group_of[key.target]
    ]


def _groups(names: Iterable[str], current: Database, children: Children) -> list[list[str]]:
    """Return ``names`` in groups: none of one group points at one of another, unless a group would be too large."""
    parent = {name: name for name in names}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for key in current.foreign_keys:
        child = children[key.table, key.name]
        if child in parent and key.target in parent:
            parent[root(child)] = root(key.target)
    connected: dict[str, list[str]] = {}
    for name in parent:
        connected.setdefault(root(name), []).append(name)
    groups: list[list[str]] = []
    free = 0
    for members in connected.values():
        needed = [_locks(current, name) for name in members]
        if sum(needed) > free:  # together, as long as they fit into one group
            free = 0
        for name, locks in zip(members, needed, strict=True):
            if not groups or locks > free:
                groups.append([])
                free = MOST_LOCKS
            groups[-1].append(name)
            free -= locks
    return groups


def _locks(current: Database, name: str) -> int:
    """Return how many locks it takes to empty a table; how many partitions one has, isn't known here."""
    return LOCKS_BESIDE_INDEXES + len(current.tables[name].indexes)
