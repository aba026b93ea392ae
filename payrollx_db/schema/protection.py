"""Protected tables: no migration touches one, its definition or its rows, unless a person names it.

What a revision does isn't known before it has run. So the tables are looked at before and after, within the one
transaction of the migration, which is undone where one has changed that nobody named. A revision that would leave that
transaction, so that it couldn't be undone, is refused.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from payrollx_db.errors import ConfigurationError, StateConflictError
from payrollx_db.model.catalog import Catalog
from payrollx_db.postgres import query_files

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class Standing:
    """How a table stands: its definition, and how many of its rows the transaction has changed so far."""

    definition: dict[str, Any]
    changed: int


def refuse_unknown(catalog: Catalog, named: Collection[str]) -> None:
    """Raise ConfigurationError where one of the named tables isn't a protected one of the catalog's."""
    for table in named:
        if table not in catalog.protected:
            known = ", ".join(sorted(catalog.protected)) or "none"
            raise ConfigurationError(f"{table} is no protected table", hint=f"protected are {known}")


@contextmanager
def guarding(migration: MigrationContext, catalog: Catalog, named: Collection[str]) -> Iterator[None]:
    """Raise StateConflictError where the block changes a protected table that isn't ``named``.

    A table that isn't there yet may be made, and one that goes counts as changed.
    """
    connection = migration.connection
    guarded = sorted(catalog.protected - set(named))
    before = _standing(connection, guarded) if connection is not None and guarded else {}
    if connection is None or not before:
        yield
        return
    began = _transaction(connection)
    with _kept_inside(migration, catalog, before):
        yield
    after = _standing(connection, list(before))
    touched = [
        f"{table}: {', '.join(what)}" for table, known in before.items() if (what := _changes(known, after.get(table)))
    ]
    hint = f"say that it may: {catalog.command('migrate')} --protected NAME, for each"
    if _transaction(connection) != began:
        raise StateConflictError(
            "a revision has ended the migration's transaction, so that what it did to protected tables stays",
            details=tuple(touched or before),
            hint=hint,
        )
    if touched:
        raise StateConflictError(
            f"the migration changes {'a protected table' if len(touched) == 1 else 'protected tables'}; it was undone",
            details=tuple(touched),
            hint=hint,
        )


@contextmanager
def _kept_inside(migration: MigrationContext, catalog: Catalog, guarded: Collection[str]) -> Iterator[None]:
    """Refuse a revision's ``autocommit_block`` during the block: what it does there is committed at once."""

    def refuse() -> NoReturn:
        raise StateConflictError(
            "a revision would leave the transaction of the migration, in which protected tables are watched",
            details=tuple(guarded),
            hint=f"where it leaves them alone, or may change them: {catalog.command('migrate')} --protected NAME,"
            " for each",
        )

    migration.autocommit_block = refuse  # type: ignore[method-assign] # of this one, for its revisions
    try:
        yield
    finally:
        del migration.autocommit_block


def _transaction(connection: Connection) -> Any:
    """Return when the current transaction began, which no other one of this session has."""
    return connection.scalar(text("SELECT pg_catalog.transaction_timestamp()"))


def _standing(connection: Connection, tables: list[str]) -> dict[str, Standing]:
    rows = connection.execute(text(queries.load("protected_tables")), {"tables": tables})
    return {row.name: Standing(row.definition, row.changed) for row in rows}


def _changes(before: Standing, after: Standing | None) -> list[str]:
    """Return what has changed of a table, in words."""
    if after is None:
        return ["dropped, moved or renamed"]
    parts = [part for part, known in before.definition.items() if after.definition[part] != known]
    if after.changed != before.changed:
        parts.append(f"{after.changed - before.changed} rows")
    return parts
