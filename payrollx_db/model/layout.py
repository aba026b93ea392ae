"""Where it all came from: the legacy databases, and the map from their tables to the unified ones.

Frozen data that a reviewer can audit line by line. What the general rules say (camelCase to
snake_case, text to uuid, …: `payrollx_db.consolidate.plan.conversion`) isn't repeated here. SQL in `derive` is a
template: ``{column}`` stands for a source column, ``{lookup.column}`` for one of a looked-up table. SQL in `inverse` is
one too: ``{column}`` stands for a target column there, ``{table.column}`` for one of another target of the same source.
"""

import re
import string
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from payrollx_db.errors import CatalogError

NONE: Mapping[str, str] = MappingProxyType({})
LIFTED = "lift"  # the name of the layouts that lift.toml makes


@dataclass(frozen=True)
class SourceTable:
    """A legacy table as the layout expects it.

    ``columns`` maps each column to its type as Postgres prints it, short form (``timestamp(3)``,
    ``numeric(65,30)``, an enum by its bare name); a trailing ``?`` means nullable. ``indexes`` are its plain indexes,
    each by its columns, where they are others than those of its unified table: a table in its legacy shape gets them.
    """

    name: str
    columns: Mapping[str, str]
    indexes: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True)
class Lookup:
    """Another table of the same legacy database, joined for a derived column.

    ``on`` maps the looked-up table's column to this table's. The looked-up columns must be unique
    there, so that a join can't multiply rows; the plan checks it.
    """

    table: str
    on: Mapping[str, str]


@dataclass(frozen=True)
class TableMap:
    """One source table to one target table, column by column.

    A source column goes to the target column of its ``rename``, else of its own name, else of its snake_case
    name, where the target has that. ``derive`` maps target columns to SQL templates. ``new`` names the target
    columns that the legacy has nothing for: they keep their default or NULL. ``empty_as_null`` names source columns
    of a text type whose empty texts mean that there is no value. ``inverse`` maps source columns to SQL templates over
    the target's columns: how they are filled when the legacy database follows the target back, where no rule says it.
    Where the source table has several targets, ``{table.column}`` names a column of another one of them.

    ``scope`` says which rows of the target are this map's, where several sources fill one table: each target column in
    it has this constant in all of them, which the map fills in. Whatever is done with the target for this map is done
    with these rows, and with no others. The constants are written as the server writes values of the columns' types.
    """

    source: SourceTable
    target: str
    rename: Mapping[str, str] = field(default_factory=dict)
    derive: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    new: tuple[str, ...] = ()
    empty_as_null: frozenset[str] = frozenset()
    inverse: Mapping[str, str] = field(default_factory=dict)
    scope: Mapping[str, str] = field(default_factory=dict)

    def is_called(self, name: str) -> bool:
        """Tell whether an ``inverse`` means this map's target by ``name``: with its schema, or without it."""
        return name in (self.target, self.target.partition(".")[2])


@dataclass(frozen=True)
class DuplicateTable:
    """A second, hand-kept instance of a table that another legacy database owns.

    Its rows aren't copied: they are compared with the owner's, and merged where they are equal.
    """

    source: SourceTable
    owner: str  # the legacy database that owns the table of that name


@dataclass(frozen=True)
class Discard:
    """A table, or one column of a table, that is left behind on purpose, with the reason."""

    table: str
    reason: str
    column: str | None = None


@dataclass(frozen=True)
class LegacyDatabase:
    """One source database.

    ``name`` is its default database name; ``variable`` the part between ``LEGACY_`` and
    ``_DATABASE_URL`` of the environment variable that says where it is. ``sequences`` are those that no column uses,
    each with that of the target which goes on where it stands, both as ``schema.name`` with quotes where they need
    them. Of a database with several entries, one accounts for all of it but the schemas that are ``elsewhere``, and
    the others, with ``whole`` unset, for their own schema. ``database`` is the default database name where that isn't
    ``name``, because several of the layout's are usually one. ``undefaulted`` are columns, of whichever of its tables,
    that have no default there and have one in the unified database.
    """

    name: str
    variable: str
    service: str
    maps: tuple[TableMap, ...]
    duplicates: tuple[DuplicateTable, ...] = ()
    discards: tuple[Discard, ...] = ()
    schema: str = "public"
    sequences: Mapping[str, str] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    whole: bool = True
    database: str = ""
    undefaulted: frozenset[str] = frozenset()

    @property
    def usual_database(self) -> str:
        """The name of its database, where no URL says another."""
        return self.database or self.name

    @property
    def tables(self) -> frozenset[str]:
        """The bare names of the tables that it maps or knows as duplicates."""
        sources = (*(m.source for m in self.maps), *(duplicate.source for duplicate in self.duplicates))
        return frozenset(source.name for source in sources)

    def accounts_for(self, schema: str) -> bool:
        """Tell whether this entry accounts for a schema of its database; the empty one is of what is in no schema."""
        return schema == self.schema or (self.whole and schema not in self.elsewhere)


@dataclass(frozen=True)
class Overlap:
    """A fact that the registry and each tenant's database keep both, so that they can drift apart.

    ``registry`` is a query in the registry's database that gives the tenant's id and a text; ``tenant`` is one in the
    tenant's that gives a text. They should be equal; ``owner`` says which of the two is right where they aren't. With
    ``within_registry`` the registry keeps both: ``tenant`` is a query of the same kind there, too.
    """

    name: str
    registry: str
    tenant: str
    owner: Literal["registry", "tenant"]
    within_registry: bool = False


@dataclass(frozen=True)
class TenantLayout:
    """Where the tenants of a template are, and what their legacy databases look like, one each.

    ``registry`` is the layout's database in which ``query`` finds them: rows of id, name, status, URL and database name
    (the last two may be NULL or empty: then it is on the registry's server, or called as the template says). Tenants
    whose status is in ``gone`` have no database any more. ``database`` is the entry of any of them, whose maps lead
    into the template's schema. ``older`` are the tables that older ones lack (no columns named), or of which they lack
    these columns. ``leftovers`` says, for people, what a database is called that no tenant has: its name begins so.
    """

    registry: str
    query: str
    database: LegacyDatabase
    older: Mapping[str, frozenset[str]] = field(default_factory=dict)
    overlaps: tuple[Overlap, ...] = ()
    gone: frozenset[str] = frozenset()
    leftovers: str = ""


@dataclass(frozen=True)
class Layout:
    """All legacy databases of one consolidation. ``timezone`` is what naive timestamps are in.

    With ``sharing``, several of its databases may be one, whose tables lie side by side: they are judged together.

    ``tenants`` are those of a template, each with a database of its own beside these.

    ``remedy`` says what to do where a database isn't as the layout says; empty: map or discard what is named.

    ``migrations`` says whose bookkeeping the databases carry: with ``"prisma"``, a table
    ``_prisma_migrations`` with a failed or unfinished migration is a reason to refuse.

    Raises CatalogError where two databases share a name or a variable, a template can't be read,
    or a duplicate names an owner that there isn't.
    """

    name: str
    databases: tuple[LegacyDatabase, ...]
    timezone: str = "UTC"
    migrations: Literal["prisma"] | None = None
    remedy: str = ""
    sharing: bool = False
    tenants: TenantLayout | None = None

    def __post_init__(self) -> None:
        for what in ("name", "variable"):
            counts = Counter(getattr(database, what) for database in self.databases)
            twice = {value for value, count in counts.items() if count > 1}
            if twice:
                raise CatalogError(f"two databases of layout {self.name} share the {what} {min(twice)!r}")
        if self.tenants is not None:
            self.database(self.tenants.registry)
            _check_names(self.tenants.database)
        for database in self.databases:
            _check_names(database)
            for duplicate in database.duplicates:
                self.owner_maps(duplicate)

    @cached_property
    def _by_name(self) -> Mapping[str, LegacyDatabase]:
        return {database.name: database for database in self.databases}

    def database(self, name: str) -> LegacyDatabase:
        """Return the database called ``name``. Raises CatalogError where there is none."""
        if name not in self._by_name:
            raise CatalogError(f"layout {self.name} has no database {name!r}")
        return self._by_name[name]

    def owner_maps(self, duplicate: DuplicateTable) -> tuple[TableMap, ...]:
        """Return the maps of the owner's table. Raises CatalogError where the owner has none."""
        owner = self.database(duplicate.owner)
        maps = tuple(m for m in owner.maps if m.source.name == duplicate.source.name)
        if not maps:
            raise CatalogError(f"{owner.name} owns no table {duplicate.source.name!r}, which a duplicate table names")
        return maps


def snake_case(name: str) -> str:
    """Return the target's name for a source column: ``keyShareIds`` → ``key_share_ids``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def template_fields(template: str) -> Iterator[str]:
    """Yield the names in braces of a ``derive`` or ``inverse`` template. Raises CatalogError where it can't be read."""
    try:
        for _, name, spec, conversion in string.Formatter().parse(template):
            if name is not None:
                if not name or spec or conversion:
                    raise CatalogError(f"the template {template!r} has a brace that isn't {{column}}")
                yield name
    except ValueError as error:
        raise CatalogError(f"the template {template!r} can't be read: {error}") from None


def _check_names(database: LegacyDatabase) -> None:
    for table_map in database.maps:
        where = f"the map of {database.name}.{table_map.source.name} to {table_map.target}"
        for column in table_map.rename:
            if column not in table_map.source.columns:
                raise CatalogError(f"{where} renames {column!r}, which the source table doesn't have")
        for column in table_map.empty_as_null:
            if column not in table_map.source.columns:
                raise CatalogError(f"{where} names {column!r} in empty_as_null, which the source table doesn't have")
        otherwise = {*table_map.derive, *table_map.rename.values(), *table_map.new}
        if twice := table_map.scope.keys() & otherwise:
            raise CatalogError(f"{where} has {min(twice)!r} in its scope, and says otherwise what fills it")
        for template in table_map.derive.values():
            for name in template_fields(template):
                lookup, dot, _ = name.rpartition(".")
                if (dot and lookup not in table_map.lookups) or (not dot and name not in table_map.source.columns):
                    raise CatalogError(f"{where} reads {{{name}}}, which the source table doesn't have")
        _check_inverse(database, table_map, where)


def _check_inverse(database: LegacyDatabase, table_map: TableMap, where: str) -> None:
    """Check the ways back that a map states; whether the targets have the columns is seen when they are planned."""
    siblings = [m for m in database.maps if m.source.name == table_map.source.name]
    for column, template in table_map.inverse.items():
        if column not in table_map.source.columns:
            raise CatalogError(f"{where} has an inverse for {column!r}, which the source table doesn't have")
        if sum(column in sibling.inverse for sibling in siblings) > 1:
            raise CatalogError(f"{where} has an inverse for {column!r}, and so has another map of that table")
        for name in template_fields(template):
            table, dot, _ = name.rpartition(".")
            if dot and not any(sibling.is_called(table) for sibling in siblings):
                raise CatalogError(f"{where}: its inverse reads {{{name}}}, and the source table has no such target")
