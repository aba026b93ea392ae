"""Where rows go: a target table, or that part of its rows that has certain constants, the scope.

Several sources may fill one table where their scopes differ. Each is then alone with its own rows: what is emptied,
counted, compared or called filled is a destination, never the whole table.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from psycopg import sql

Scope = tuple[tuple[str, str], ...]  # target columns with their constants, as text, by column


@dataclass(frozen=True, order=True)
class Destination:
    """Those rows of a target table (``schema.table``) that have the constants of ``scope``; all where it is empty."""

    table: str
    scope: Scope = ()

    def __str__(self) -> str:
        return f"{self.table} ({written(self.scope)})" if self.scope else self.table

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the scope."""
        return tuple(column for column, _ in self.scope)

    def overlaps(self, other: "Destination") -> bool:
        """Tell whether a row may be in both: only scopes that differ in a constant keep two apart."""
        mine, theirs = dict(self.scope), dict(other.scope)
        return self.table == other.table and not any(
            column in theirs and theirs[column] != value for column, value in mine.items()
        )


def scope_of(constants: Mapping[str, str] | None) -> Scope:
    """Return constants by column as a scope."""
    return tuple(sorted((constants or {}).items()))


def written(scope: Scope) -> str:
    """Return a scope as people read it: ``tenant_id=abc``."""
    return ", ".join(f"{column}={value}" for column, value in scope)


def condition(scope: Scope, alias: str | None = None) -> sql.Composable:
    """Return the condition that a row of the target, called ``alias``, is in ``scope``.

    The constants have no type of their own: the server reads each as one of its column's, so that an index serves.
    """
    names = (sql.Identifier(alias, column) if alias else sql.Identifier(column) for column, _ in scope)
    equal = [sql.SQL("{} = {}").format(name, sql.Literal(value)) for name, (_, value) in zip(names, scope, strict=True)]
    return sql.SQL(" AND ").join(equal) if equal else sql.SQL("true")


def tables_of(destinations: Iterable[Destination]) -> set[str]:
    """Return the names of the tables of these destinations."""
    return {destination.table for destination in destinations}


def overlapping(one: Iterable[Destination], other: Collection[Destination]) -> list[Destination]:
    """Return those of ``one`` that have rows in common with any of ``other``."""
    known = set(other)
    by_table: dict[str, list[Destination]] = {}
    for destination in other:
        by_table.setdefault(destination.table, []).append(destination)
    alike = {table: len({d.columns for d in members}) == 1 for table, members in by_table.items()}

    def meets(destination: Destination) -> bool:
        members = by_table.get(destination.table, [])
        if members and alike[destination.table] and members[0].columns == destination.columns:
            return destination in known  # of hundreds of scopes over the same columns, none is looked at one by one
        return any(map(destination.overlaps, members))

    return [destination for destination in one if meets(destination)]
