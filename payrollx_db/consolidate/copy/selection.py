"""What of the target a copy drops: as little as can be, and only what certainly comes back as it was.

Dropping an index and building it afterwards is worth it where there are many rows; for few, it costs more than the
rows themselves. So small tables keep their indexes, and foreign keys between small tables stay too: these tables are
copied parents first. Whatever its size, a table keeps what wouldn't come back byte for byte: indexes of
partitioned tables, exclusion constraints, what something else depends on or is marked for, what is broken. So does a
table of which only a scope is filled: its other rows are in use.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from psycopg.rows import class_row

from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Database, ForeignKey, Index, Table
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)

KeyName = tuple[str, str]  # table and name of a foreign key


@dataclass(frozen=True)
class IndexFacts:
    """What an index's definition doesn't say. ``keys`` are the foreign keys that need it (``schema.table.name``)."""

    oid: int
    name: str
    comment: str | None
    constraint_comment: str | None
    tablespace: str
    keys: list[str]
    fixed: bool


@dataclass(frozen=True)
class KeyFacts:
    """What a foreign key's definition doesn't say. ``child`` and ``parent`` hold the partitions that it is between."""

    table: str
    name: str
    child: str
    parent: str
    comment: str | None
    plain: bool  # its own table is neither partitioned nor a partition
    fixed: bool

    @property
    def key(self) -> KeyName:
        """Table and name."""
        return (self.table, self.name)


@dataclass(frozen=True)
class TargetFacts:
    """What a selection is made from, beside the plan and the catalog. ``guarded`` tables are not to be truncated.

    ``unheld`` says that the server doesn't hold new rows to the foreign keys that stay: the session is a replica's.
    """

    indexes: Mapping[tuple[int, str], IndexFacts]
    keys: tuple[KeyFacts, ...]
    guarded: frozenset[str]
    unheld: bool = False


@dataclass(frozen=True)
class Selection:
    """What is dropped, and what that means for the tables that are still to be copied.

    ``parents`` are for each table those that must be filled before it; ``own`` are the tables with a key to
    themselves that stays; ``truncatable`` those that may be truncated.
    """

    keys: tuple[ForeignKey, ...]
    indexes: tuple[tuple[str, Index], ...]
    parents: Mapping[str, frozenset[str]]
    own: frozenset[str]
    truncatable: frozenset[str]


async def read_facts(connection: Connection, tables: Iterable[TablePlan]) -> TargetFacts:
    """Read the facts of the targets of these tables."""
    everything = list(tables)
    oids = [table.target.oid for table in everything]
    large = [table.target.oid for table in everything if _may_lose_indexes(table)]
    async with connection.cursor(row_factory=class_row(IndexFacts)) as indexes:
        await indexes.execute(queries.load("index_facts"), {"tables": large})
        index_facts = {(facts.oid, facts.name): facts for facts in await indexes.fetchall()}
    async with connection.cursor(row_factory=class_row(KeyFacts)) as keys:
        await keys.execute(queries.load("key_facts"), {"tables": oids})
        key_facts = await keys.fetchall()
    guarded = await connection.execute(queries.load("guarded_tables"), {"tables": oids})
    names = frozenset(name for (name,) in await guarded.fetchall())
    role = await connection.execute("SELECT pg_catalog.current_setting('session_replication_role') = 'replica'")
    ((unheld,),) = await role.fetchall()
    return TargetFacts(index_facts, tuple(key_facts), names, unheld)


async def with_facts(
    connection: Connection, database: Database, keys: Sequence[ForeignKey]
) -> tuple[list[ForeignKey], list[ForeignKey]]:
    """Return those of ``keys`` that can be made again, with all that it takes, and those that wouldn't be the same."""
    if not keys:
        return [], []
    ends = {name for key in keys for name in (key.table, key.target)} & set(database.tables)
    async with connection.cursor(row_factory=class_row(KeyFacts)) as cursor:
        oids = sorted(database.tables[name].oid for name in ends)
        await cursor.execute(queries.load("key_facts"), {"tables": oids})
        facts = {fact.key: fact for fact in await cursor.fetchall()}
    again, fixed = [], []
    for key in keys:
        fact = facts.get((key.table, key.name))
        if fact is not None and fact.fixed:
            fixed.append(key)
        else:
            again.append(replace(key, comment=fact.comment, parent=fact.parent) if fact else key)
    return again, fixed


async def partition_roots(connection: Connection, database: Database) -> dict[str, str]:
    """Return, for each partition that a foreign key leaves, the table that holds it; both are ``schema.table``.

    ``database`` has such a key, of the partition alone, though the partition is none of its tables.
    """
    names = sorted({key.table for key in database.foreign_keys} - set(database.tables))
    if not names:
        return {}
    cursor = await connection.execute(queries.load("partition_roots"), {"names": names})
    return dict(await cursor.fetchall())


def select(
    tables: Sequence[TablePlan],
    database: Database,
    facts: TargetFacts,
    filled: Collection[str],
    *,
    every_key: bool = False,
) -> Selection:
    """Choose what is dropped for ``tables``, which are still to be copied into ``database``.

    ``filled`` are the target tables that hold rows already, of this run or of others. With ``every_key``, no foreign
    key stays that can be made again: the sources are written meanwhile, so a child's part may be younger than its
    parent's, and its rows may lack theirs.
    """
    by_name: dict[str, TablePlan] = {}
    for table in tables:  # of several scopes, one stands for all: they differ in what nothing here asks
        by_name.setdefault(table.target_name, table)
    keys = {(key.table, key.name): key for key in database.foreign_keys}
    dropped = {
        fact.key
        for fact in facts.keys
        if (every_key and not fact.fixed and fact.key in keys)
        or (_droppable(fact, keys) and _is_in_the_way(fact, keys[fact.key], by_name, filled, facts))
    }
    dropped |= set(_cycle_breakers([fact for fact in facts.keys if fact.key not in dropped], keys, by_name))
    kept = [fact for fact in facts.keys if fact.key not in dropped]
    parents: dict[str, set[str]] = {name: set() for name in by_name}
    for fact in kept:
        if fact.child != fact.parent and fact.child in by_name and fact.parent in by_name:
            parents[fact.child].add(fact.parent)
    pointed_at = {fact.parent for fact in kept if fact.parent != fact.child}
    return Selection(
        keys=tuple(
            replace(keys[fact.key], comment=fact.comment, parent=fact.parent)
            for fact in facts.keys
            if fact.key in dropped
        ),
        indexes=tuple(_indexes(tables, database, facts, dropped)),
        parents={name: frozenset(above) for name, above in parents.items()},
        own=frozenset(fact.child for fact in kept if fact.parent == fact.child),
        truncatable=frozenset(name for name in by_name.keys() - pointed_at - facts.guarded if not by_name[name].scope),
    )


def without(database: Database, selection: Selection) -> Database:
    """Return ``database`` as it is when all of the selection is dropped."""
    tables = dict(database.tables)
    gone = {(table, index.name) for table, index in selection.indexes}
    for name in {table for table, _ in selection.indexes}:
        kept = tuple(index for index in tables[name].indexes if (name, index.name) not in gone)
        tables[name] = replace(tables[name], indexes=kept)
    names = {(key.table, key.name) for key in selection.keys}
    keys = tuple(key for key in database.foreign_keys if (key.table, key.name) not in names)
    return replace(database, tables=tables, foreign_keys=keys)


# --- foreign keys ----------------------------------------------------------------------------------------


def _droppable(fact: KeyFacts, keys: Mapping[KeyName, ForeignKey]) -> bool:
    return fact.plain and not fact.fixed and fact.key in keys


def _is_in_the_way(
    fact: KeyFacts, key: ForeignKey, tables: Mapping[str, TablePlan], filled: Collection[str], facts: TargetFacts
) -> bool:
    """Tell whether rows may arrive that the key would refuse, or so many that it is better checked once for all.

    Or rows that it should refuse, and wouldn't.
    """
    child, parent = tables.get(fact.child), tables.get(fact.parent)
    unfilled = child is not None and parent is None and fact.parent not in filled
    if unfilled or not key.validated:
        return True
    ends = [end for end in (child, parent) if end is not None]
    if any(end.scope for end in ends):
        return False
    return facts.unheld or any(end.target.kind == "r" and not end.small for end in ends)


def _cycle_breakers(
    kept: Sequence[KeyFacts], keys: Mapping[KeyName, ForeignKey], tables: Mapping[str, TablePlan]
) -> Iterator[KeyName]:
    """Yield keys without which the others allow an order: one of each cycle, best of a plain table."""
    standing = [f for f in kept if f.child != f.parent and f.child in tables and f.parent in tables]
    while cycle := _find_cycle(standing):
        steps = {(child, parent) for parent, child in pairwise(cycle)}
        on_it = [fact for fact in standing if (fact.child, fact.parent) in steps]
        going = [fact for fact in on_it if _droppable(fact, keys)]
        going = (going or [fact for fact in on_it if not fact.fixed and fact.key in keys])[:1]
        yield from (fact.key for fact in going)
        # Where nothing of it may go, rows that need it will be refused, unless it is checked at commit.
        standing = [fact for fact in standing if fact not in (going or on_it)]


def _find_cycle(keys: Iterable[KeyFacts]) -> list[str]:
    """Return tables that point at each other in a circle, each followed by one that it is a parent of."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for fact in keys:
        sorter.add(fact.child, fact.parent)
    try:
        sorter.prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle
    return []


# --- indexes ---------------------------------------------------------------------------------------------


def _may_lose_indexes(table: TablePlan) -> bool:
    return table.target.kind == "r" and not table.small and not table.scope


def _indexes(
    tables: Iterable[TablePlan], database: Database, facts: TargetFacts, dropped: Collection[KeyName]
) -> Iterator[tuple[str, Index]]:
    names = {f"{table}.{name}" for table, name in dropped}
    for plan in tables:
        if _may_lose_indexes(plan):
            table = database.tables[plan.target_name]
            for index in table.indexes:
                fact = facts.indexes.get((table.oid, index.name))
                if fact is not None and _comes_back(table, index, fact) and names.issuperset(fact.keys):
                    yield (
                        plan.target_name,
                        replace(
                            index,
                            comment=fact.comment,
                            constraint_comment=fact.constraint_comment,
                            tablespace=fact.tablespace,
                        ),
                    )


def _comes_back(table: Table, index: Index, fact: IndexFacts) -> bool:
    ordinary = index.constraint_type in ("", "p", "u") and "WITHOUT OVERLAPS" not in (index.constraint_definition or "")
    return table.kind == "r" and ordinary and not fact.fixed and not index.marked
