"""Emptying scopes of tables that hold rows of others: these stay, and so do all keys and indexes.

Rows are deleted, not truncated, from all tables that point at each other in one statement: at its end the server looks
whether anything points at rows that are gone, so that neither their order nor a circle of keys matters.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

from psycopg import sql

from payrollx_db.consolidate.plan.destination import Destination, condition, tables_of
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state.runs import reset_run
from payrollx_db.postgres.introspect import Database, ForeignKey, Table
from payrollx_db.postgres.session import Connection, Endpoint, run

Check = Callable[[Connection, Sequence[Destination]], Awaitable[None]]


async def empty_scopes(
    session: RunSession, target: Endpoint, written: Mapping[int, Collection[Destination]], current: Database,
    check: Check, prepare: Check | None, staying: Collection[int],
) -> None:  # fmt: skip
    """Delete the rows of the scopes that runs have written, by run, and let their records say so.

    Nobody else writes to these tables meanwhile; readers go on. ``check``, ``prepare`` and ``staying`` are as of
    `empty_tables`. Raises TargetError, and what ``check`` raises.
    """
    everything = list(dict.fromkeys(destination for own in written.values() for destination in own))
    if not everything:
        return
    async with session.transaction() as connection:
        with target.translating_errors("can't lock the tables"):
            listed = sql.SQL(", ").join(current.tables[name].identifier for name in sorted(tables_of(everything)))
            await run(connection, sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(listed))
        await check(connection, everything)
        if prepare is not None:
            await prepare(connection, everything)
        with target.translating_errors("can't empty the scopes"):
            await run(connection, _deletion(current, everything))
        for number, own in written.items():
            if own:
                await reset_run(connection, number, list(own), whole=number not in staying)


async def pointing_tables(
    connection: Connection, current: Database, group: Collection[Destination], going: Collection[Destination]
) -> set[str]:
    """Return the tables of which rows that stay, beyond those of ``going``, point at rows of the scopes ``group``."""
    parents, leaving = _by_table(group), _by_table(going)
    pointing = set()
    for key in current.foreign_keys:
        children = leaving.get(key.table, [])
        if key.target not in parents or key.table not in current.tables or _stays_within(key, parents, children):
            continue
        query = sql.SQL("SELECT EXISTS (SELECT FROM {} AS c JOIN {} AS p ON {} WHERE ({}) AND ({}) IS NOT TRUE)")
        same = sql.SQL(" AND ").join(
            sql.SQL("c.{} = p.{}").format(sql.Identifier(here), sql.Identifier(there))
            for here, there in zip(key.columns, key.target_columns, strict=True)
        )
        tables = (current.tables[key.table].identifier, current.tables[key.target].identifier)
        conditions = (_any_of(parents[key.target], "p"), _any_of(children, "c"))
        ((found,),) = await run(connection, query.format(*tables, same, *conditions))
        pointing |= {key.table} if found else set()
    return pointing


def _stays_within(
    key: ForeignKey, parents: Mapping[str, Sequence[Destination]], children: Sequence[Destination]
) -> bool:
    """Tell whether all that points by a key at rows that go is in a scope that goes too, by its own columns."""
    pairs = dict(zip(key.target_columns, key.columns, strict=True))
    going = set(children)
    for parent in parents[key.target]:
        if not all(column in pairs for column in parent.columns):
            return False
        scope = tuple(sorted((pairs[column], value) for column, value in parent.scope))
        if Destination(key.table, scope) not in going and Destination(key.table) not in going:
            return False
    return True


def _deletion(current: Database, destinations: Iterable[Destination]) -> sql.Composable:
    """Return the statement that deletes the rows of all ``destinations``."""
    parts = [
        sql.SQL("{} AS (DELETE FROM {} WHERE {})").format(
            sql.Identifier(f"deleted_{number}"), _one(current.tables[name]), _any_of(members)
        )
        for number, (name, members) in enumerate(_by_table(destinations).items())
    ]
    return sql.SQL("WITH {} SELECT").format(sql.SQL(", ").join(parts))


def _one(table: Table) -> sql.Composable:
    """Return a table without what inherits from it, which is a table of its own."""
    return sql.SQL("{}{}").format(sql.SQL("ONLY " if table.kind == "r" else ""), table.identifier)


def _any_of(destinations: Iterable[Destination], alias: str | None = None) -> sql.Composable:
    """Return the condition that a row of one table is in any of ``destinations``."""
    conditions = [sql.SQL("({})").format(condition(destination.scope, alias)) for destination in destinations]
    return sql.SQL(" OR ").join(conditions) if conditions else sql.SQL("false")


def _by_table(destinations: Iterable[Destination]) -> dict[str, list[Destination]]:
    tables: dict[str, list[Destination]] = {}
    for destination in destinations:
        tables.setdefault(destination.table, []).append(destination)
    return tables
