"""Protected tables: no migration touches one, its definition or its rows, unless a person names it.

What a revision does isn't known before it has run. So the tables are looked at before and after, within the one
transaction of the migration, which is undone where one has changed that nobody named.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

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
def guarding(connection: Connection, catalog: Catalog, named: Collection[str]) -> Iterator[None]:
    """Raise StateConflictError where the block changes a protected table that isn't ``named``.

    A table that isn't there yet may be made, and one that goes counts as changed.
    """
    guarded = sorted(catalog.protected - set(named))
    before = _standing(connection, guarded) if guarded else {}
    yield
    after = _standing(connection, list(before)) if before else {}
    touched = [
        f"{table}: {', '.join(what)}" for table, known in before.items() if (what := _changes(known, after.get(table)))
    ]
    if touched:
        raise StateConflictError(
            f"the migration changes {'a protected table' if len(touched) == 1 else 'protected tables'}; it was undone",
            details=tuple(touched),
            hint=f"say that it may: {catalog.command('migrate')} --protected NAME, for each",
        )


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
