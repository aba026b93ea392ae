"""Legacy databases to practise on, as a catalog brings them: how they are asked for, and what is said of them.

A catalog names a function as ``practice="package.module:name"``; `Practice` says how it is called.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from payrollx_db.errors import CatalogError, ConfigurationError, DevServerError
from payrollx_db.postgres.databases import Connection, connect
from payrollx_db.postgres.url import DatabaseUrl

GIVEN = ("employees", "hostile", "seed", "observer")
CALLED = "it is called as make(url, employees=…, hostile=…, seed=…, observer=…), with layout=… where --from names one"
MARK = "payrollx-db dev legacy"  # how the comment on a database begins that may be dropped


@dataclass(frozen=True, order=True)
class Trouble:
    """One kind of trouble at one place, ``database.schema.table.column``, and how many rows have it."""

    code: str
    place: str
    count: int


@dataclass(frozen=True)
class TableSize:
    """One table that was made: how many rows, and how many bytes with its indexes."""

    database: str
    table: str
    rows: int
    bytes: int
    copy: bool


@dataclass(frozen=True)
class DatabaseMade:
    """An event: one database is complete."""

    database: str
    tables: tuple[TableSize, ...]
    troubles: tuple[Trouble, ...]
    seconds: float


Observer = Callable[[DatabaseMade], None]


@dataclass(frozen=True)
class LegacySummary:
    """What was made.

    ``employees`` is how large it was to be. ``troubles`` is what a check has to find (empty unless hostile).
    ``missing`` counts the owner's rows that a copy lacks: harmless, since the owner has them.
    """

    employees: int
    seed: int
    hostile: bool
    tables: tuple[TableSize, ...]
    troubles: tuple[Trouble, ...]
    missing: tuple[Trouble, ...]
    seconds: float

    @property
    def rows(self) -> int:
        """All rows of all tables, copies included."""
        return sum(table.rows for table in self.tables)


@runtime_checkable
class Practice(Protocol):
    """A function that makes a catalog's legacy databases, full of invented rows."""

    def __call__(
        self,
        url: DatabaseUrl,
        *,
        employees: int,
        hostile: bool = False,
        seed: int = 1,
        observer: Observer | None = None,
    ) -> LegacySummary:
        """Make them on the server at ``url`` (any database there; the user may create databases).

        ``employees`` says how large: PayrollX's number of employees, or whatever a catalog counts by. ``hostile`` adds
        what real data does to a stricter schema, and counts it; the same ``seed`` makes the same rows; ``observer``
        hears of each database that is complete. One of a catalog with several layouts also takes ``layout``, the name
        of one of them. Those of an earlier call are dropped and made anew; raises
        DevServerError where a database of one of their names is somebody else's, or the server refuses.
        """


def arguments(make: Practice, name: str, layout: str | None, layouts: Sequence[str]) -> dict[str, str]:
    """Return what a catalog's practice function is given beyond what every one is: the layout that somebody named.

    ``name`` is its ``package.module:name``; ``layouts`` are those that the catalog has. One that makes the databases
    of the catalog's only layout needs no such parameter. Raises ConfigurationError where the catalog has no such
    layout, and CatalogError where the function can't be called so.
    """
    if layout is not None and layout not in layouts:
        known = ", ".join(sorted(layouts)) or "no layout"
        raise ConfigurationError(f"the catalog has no layout {layout!r} to make databases of", hint=f"it has {known}")
    taken = _taken(make)
    lacking = [one for one in GIVEN if taken is not None and one not in taken]
    if lacking:
        raise CatalogError(f"the practice function {name} takes no {', '.join(lacking)}", hint=CALLED)
    if layout is None or (taken is not None and "layout" not in taken and list(layouts) == [layout]):
        return {}
    if taken is not None and "layout" not in taken:
        raise CatalogError(
            f"the practice function {name} takes no layout, so it can't make the databases of {layout}",
            hint=f"leave --from out, or let it take one: layout: str = {min(layouts)!r}",
        )
    return {"layout": layout}


def refuse_tenants(make: Practice, name: str) -> None:
    """Raise ConfigurationError where a catalog's practice function can't be told a number of tenants."""
    taken = _taken(make)
    if taken is not None and "tenants" not in taken:
        raise ConfigurationError(
            f"the practice function {name} takes no tenants", hint="leave --tenants out: the catalog has none"
        )


def _taken(make: Practice) -> frozenset[str] | None:
    """Return the keywords that a function takes; ``None`` where nothing says so."""
    try:
        parameters = inspect.signature(make).parameters.values()
    except (TypeError, ValueError):  # one that is written in C
        return None
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return None
    return frozenset(one.name for one in parameters if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD))


def refuse_others(url: DatabaseUrl, names: Sequence[str]) -> None:
    """Raise DevServerError where a database of one of ``names`` is there that no such call has made."""
    with connect(url) as connection:
        others = connection.execute(
            "SELECT datname FROM pg_catalog.pg_database WHERE datname = ANY (%s) "
            "AND coalesce(pg_catalog.shobj_description(oid, 'pg_database'), '') NOT LIKE %s ORDER BY datname",
            [list(names), f"{MARK}%"],
        ).fetchall()
    if others:
        raise DevServerError(
            f"payrollx-db dev legacy didn't make these databases, and won't drop them: "
            f"{', '.join(name for (name,) in others)}",
            hint="use another server, or drop them yourself if nobody needs them",
        )


def plant(connection: Connection, database: str, script: str) -> tuple[Trouble, ...]:
    """Run a database's hostile ``script`` and return what it planted: rows touched, per statement."""
    planted = []
    for code, place, statement in sections(script):
        touched = connection.execute(statement).rowcount
        if code != "none" and touched:
            planted.append(Trouble(code, f"{database}.public.{place}", touched))
    return tuple(planted)


def sections(script: str) -> Iterator[tuple[str, str, str]]:
    """Yield (code, table.column, statement) for each ``--@ code table.column`` line of ``script``."""
    for section in re.split(r"^--@ ", script, flags=re.MULTILINE)[1:]:
        heading, _, statement = section.partition("\n")
        code, _, place = heading.partition(" ")
        yield code.rstrip(":"), place, statement
