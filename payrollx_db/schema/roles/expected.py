"""What each role must and may hold, by the catalog alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.schema.roles.snapshot import PRIVILEGES, Securable
from payrollx_db.schema.roles.statements import META, users

NOTHING: frozenset[str] = frozenset()
PUBLIC = "PUBLIC"

# What a service's role holds on what lies in its own schema, and the reader on what lies in any service's.
SERVICE: Mapping[str, frozenset[str]] = {
    "schema": frozenset({"USAGE"}),
    "table": frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"}),
    "sequence": frozenset({"USAGE"}),
    "type": frozenset({"USAGE"}),
}
READER: Mapping[str, frozenset[str]] = {"schema": frozenset({"USAGE"}), "table": frozenset({"SELECT"})}
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

    def guarded(self, thing: Securable) -> bool:
        """Tell whether a thing lies in a service's schema, or is one."""
        return thing.kind != "database" and thing.schema in self.services and not thing.of_extension

    def required(self, role: str, thing: Securable) -> frozenset[str]:
        """Return what ``role`` must hold on ``thing``, or it can't do its work."""
        if thing.kind == "database":
            return OWNERS_DATABASE if role == self.catalog.owner_role else DATABASE if role in self.users else NOTHING
        if not self.guarded(thing):
            return NOTHING
        if role == self.catalog.owner_role:
            return frozenset(PRIVILEGES[thing.kind])
        if role == self.catalog.reader_role:
            return READER.get(thing.kind, NOTHING)
        return SERVICE.get(thing.kind, NOTHING) if role == self.services[thing.schema].role else NOTHING

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
            return frozenset({"EXECUTE"})  # never by itself; a migration may grant it
        return self.required(role, thing)

    def later(self, schema: str | None, things: str) -> Mapping[str, frozenset[str]]:
        """Return what the owner's future ``things`` in ``schema`` (None: in any) are granted, by role."""
        if schema is None or schema not in self.services or things not in LATER:
            return {}
        kind = LATER[things]
        granted = {self.services[schema].role: SERVICE[kind], self.catalog.reader_role: READER.get(kind, NOTHING)}
        return {role: privileges for role, privileges in granted.items() if privileges}
