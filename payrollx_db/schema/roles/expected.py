"""What each role must and may hold, by the catalog alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.reading import Readable
from payrollx_db.schema.roles import search_path
from payrollx_db.schema.roles.snapshot import NOTHING, PRIVILEGES, PUBLIC, Securable
from payrollx_db.schema.roles.statements import META, users

# What a service's role holds on what lies in its own schema, and the reader on what lies in any service's.
SERVICE: Mapping[str, frozenset[str]] = {
    "schema": frozenset({"USAGE"}),
    "table": frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"}),
    "sequence": frozenset({"USAGE"}),
    "type": frozenset({"USAGE"}),
    "routine": frozenset({"EXECUTE"}),
}
READER: Mapping[str, frozenset[str]] = {"schema": frozenset({"USAGE"}), "table": frozenset({"SELECT"})}
TRIGGERED_OR_CALLED = frozenset({"t", "p"})  # functions of triggers, procedures
DATABASE = frozenset({"CONNECT"})
OWNERS_DATABASE = frozenset({"CONNECT", "TEMPORARY"})  # copies put rows aside in temporary tables

# The same for what is made later, as ALTER DEFAULT PRIVILEGES calls things.
LATER = {"TABLES": "table", "SEQUENCES": "sequence", "TYPES": "type"}


@dataclass(frozen=True)
class Expected:
    """What the walls of a catalog let through."""

    catalog: Catalog

    @cached_property
    def services(self) -> Mapping[str, Service]:
        """The services by their schemas."""
        return {service.schema: service for service in self.catalog.services}

    @cached_property
    def ours(self) -> tuple[str, ...]:
        """Every role of the catalog: the owner's first."""
        return (self.catalog.owner_role, *users(self.catalog))

    @cached_property
    def users(self) -> frozenset[str]:
        """The roles that use tables and own none."""
        return frozenset(users(self.catalog))

    @cached_property
    def reads(self) -> Mapping[str, Mapping[str, Readable]]:
        """What each role may read beside its own schema, by role and table."""
        return {role: self.catalog.read_by(role) for role in self.users}

    @cached_property
    def _guests(self) -> Mapping[str, tuple[str, ...]]:
        """The roles that read something in a schema which isn't theirs, by ``schema`` and by ``schema.table``."""
        guests: dict[str, dict[str, None]] = {}
        for service in self.catalog.services:
            for table in service.reads:
                for place in (table.partition(".")[0], table):
                    guests.setdefault(place, {})[service.role] = None
        return {place: tuple(roles) for place, roles in guests.items()}

    def part(self, role: str, thing: Securable) -> Readable | None:
        """Return what ``role`` may read of a table where that isn't what its kind of role reads of any."""
        if thing.kind != "table":
            return None
        return self.reads.get(role, {}).get(f"{thing.schema}.{thing.name}") or self._stray(role, thing)

    def _stray(self, role: str, thing: Securable) -> Readable | None:
        """Return what the reader may read of a table that no model knows, and that has columns called as secret ones.

        It may be a known one, renamed by hand, or a copy of one.
        """
        secrets = self.catalog.secret_names.get(thing.schema, NOTHING)
        if role != self.catalog.reader_role or secrets.isdisjoint(thing.columns):
            return None
        return None if thing.name in self._tables[thing.schema] else Readable(None, secrets)

    @cached_property
    def _tables(self) -> Mapping[str, frozenset[str]]:
        """The names of the tables that are known, by schema."""
        return {service.schema: frozenset(service.tables) for service in self.catalog.services}

    def guarded(self, thing: Securable) -> bool:
        """Tell whether a thing lies in a service's schema, or is one."""
        return thing.kind != "database" and thing.schema in self.services and not thing.of_extension

    def concerned(self, thing: Securable) -> tuple[str, ...]:
        """Return the roles that must hold something on ``thing``, the owner's first."""
        if self.guarded(thing):
            guests = self._guests.get(thing.name if thing.kind == "schema" else f"{thing.schema}.{thing.name}", ())
            guests = guests if thing.kind in ("schema", "table") else ()
            return (self.catalog.owner_role, self.services[thing.schema].role, self.catalog.reader_role, *guests)
        return self.ours if thing.kind == "database" or self.hosts_extensions(thing) else ()

    def hosts_extensions(self, thing: Securable) -> bool:
        """Tell whether a thing is a schema in which an extension lies, and no service's nor one of our own."""
        return thing.for_extensions and not self.guarded(thing) and thing.name != META

    def required(self, role: str, thing: Securable) -> frozenset[str]:
        """Return what ``role`` must hold on ``thing``, or it can't do its work."""
        owner = role == self.catalog.owner_role
        if not (owner or role in self.users):
            return NOTHING
        if thing.kind == "database":
            return OWNERS_DATABASE if owner else DATABASE
        if not self.guarded(thing):
            return frozenset({"USAGE"}) if self.hosts_extensions(thing) else NOTHING
        return frozenset(PRIVILEGES[thing.kind]) if owner else self._used(role, thing)

    def _used(self, role: str, thing: Securable) -> frozenset[str]:
        """Return what a role that owns nothing needs of a thing in a service's schema."""
        if part := self.part(role, thing):
            return READER["table"] if part.whole else NOTHING
        if thing.kind == "schema" and role in self._guests.get(thing.name, ()):
            return READER["schema"]
        if role == self.catalog.reader_role:
            return READER.get(thing.kind, NOTHING)
        if role != self.services[thing.schema].role or (thing.kind == "routine" and not callable_(thing)):
            return NOTHING
        return SERVICE.get(thing.kind, NOTHING)

    def allowed(self, role: str, thing: Securable) -> frozenset[str]:
        """Return what ``role``, which may be PUBLIC or a stranger, may hold on ``thing`` without breaking a wall."""
        everything = frozenset({*PRIVILEGES[thing.kind], "MAINTAIN"})
        if role == self.catalog.owner_role or thing.of_extension:
            return everything
        if role not in self.users and role != PUBLIC:
            return NOTHING if self.guarded(thing) else everything
        if thing.kind == "schema" and thing.schema not in self.services and thing.name != META:
            return frozenset({"USAGE"})  # where extensions lie, and nothing of ours
        if thing.kind == "routine" and self.guarded(thing) and role == self.services[thing.schema].role:
            return frozenset({"EXECUTE"})  # one that isn't callable by itself, too: a migration may grant it
        return self.required(role, thing)

    def allowed_on_column(self, role: str, thing: Securable, column: str) -> frozenset[str]:
        """Return what ``role`` may hold on one column of ``thing``."""
        part = self.part(role, thing)
        return READER["table"] if part and part.has(column) else self.allowed(role, thing)

    def columns(self, role: str, thing: Securable) -> list[str]:
        """Return the columns of ``thing`` that ``role`` must be granted one by one."""
        part = self.part(role, thing)
        if part is None or part.whole:
            return []
        models = self.catalog.models if self.catalog.has_models else None
        known = models.tables.get(f"{thing.schema}.{thing.name}") if models is not None else None
        return part.of(known.columns.keys() if known is not None else part.columns or thing.columns)

    def later(self, schema: str | None, things: str) -> Mapping[str, frozenset[str]]:
        """Return what the owner's future ``things`` in ``schema`` (None: in any) are granted, by role."""
        if schema is None or schema not in self.services or things not in LATER:
            return {}
        kind = LATER[things]
        granted = {self.services[schema].role: SERVICE[kind], self.catalog.reader_role: READER.get(kind, NOTHING)}
        return {role: privileges for role, privileges in granted.items() if privileges}


def callable_(routine: Securable) -> bool:
    """Tell whether a service's role must be able to call a function of its schema, as its defaults and checks do.

    One of a trigger is called by its trigger alone. One that runs with its owner's rights, and leaves it to its caller
    where names are looked up, would do whatever its caller wants, as the owner of everything. A procedure, which
    ``migrate`` grants as well, is in nothing's way as long as nobody calls it.
    """
    pinned = not routine.definer or not search_path.problem(routine.settings, ())
    return pinned and routine.sort not in TRIGGERED_OR_CALLED
