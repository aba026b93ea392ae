"""A service's wall as data: what it may touch, whose turn it is on a connection, and what is known of its session."""

import importlib
from dataclasses import dataclass

from payrollx_db.errors import BoundaryError
from payrollx_db.facade import drivers
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.postgres.url import DatabaseUrl

ACTIVE_SERVICE = "payrollx_turn"  # the execution option that says who a connection's statements are for
SESSION_STATE = "payrollx_held"  # the key in Connection.info of what we know of its session


@dataclass(frozen=True)
class Wall:
    """What one facade may touch: its name, its role, and its schema (an empty one for the reader: all schemas).

    ``catalog`` is ``package.module:name``; it is imported only to tell the owner in an error. ``elsewhere`` are
    pairs of a schema and the (masked) URL of another database that has it.
    """

    name: str
    role: str
    schema: str
    catalog: str
    elsewhere: tuple[tuple[str, str], ...] = ()

    def refusal(self, schema: str, table: str, what: str) -> BoundaryError:
        """Return the error for a statement that names what isn't the service's own."""
        place = f"{schema}.{table}" if table else f"the schema {schema}"
        owner = next((service for service in self.others() if service.schema == schema), None)
        if owner is None:
            own = f"its tables are those of the schema {self.schema}" if self.schema else "it reads services' tables"
            return BoundaryError(f"{self.name} may not {what} {place}, which belongs to no service", hint=own)
        return BoundaryError(
            f"{self.name} may not {what} {place}, which belongs to the {owner.name} service", hint=self.way_to(owner)
        )

    def way_to(self, owner: Service) -> str:
        """Return how to get what ``owner`` has."""
        if not self.schema:
            return f"write through the facade of {owner.name}, or through unified.transaction(...)"
        return (
            f"ask the {owner.name} service for it; for a report use unified.reader.session(), and to change both at"
            f" once unified.transaction({self.name}, {owner.name})"
        )

    def others(self) -> tuple[Service, ...]:
        """Return the services on the other side: all but the wall's own, and all for the reader."""
        return tuple(service for service in self.catalog_services() if service.schema != self.schema)

    def catalog_services(self) -> tuple[Service, ...]:
        """Return all services of the catalog."""
        return catalog_at(self.catalog).services


@dataclass(frozen=True)
class ServiceScope:
    """A wall, how its transactions open, and the database where they do."""

    wall: Wall
    opening: drivers.TransactionSettings
    url: DatabaseUrl


@dataclass
class ActiveService:
    """Whose turn it is on a connection. It changes only where several services share one transaction."""

    scope: ServiceScope


@dataclass
class SessionState:
    """What we know of a session.

    ``login`` logged in; ``opened`` is how its transaction goes on now, ``None`` outside one; ``role_uncertain`` says
    that a statement may have changed the role, ``dirty`` that one may have left something in the session, ``failed``
    that a statement of the transaction failed, ``switched`` that it has gone from one service on to another.
    """

    login: str
    opened: drivers.TransactionSettings | None = None
    role_uncertain: bool = False
    dirty: bool = False
    failed: bool = False
    switched: bool = False

    def end(self) -> None:
        """Note that the transaction is over."""
        self.opened, self.role_uncertain, self.dirty, self.failed, self.switched = None, False, False, False, False


def catalog_at(name: str) -> Catalog:
    """Import the catalog at ``package.module:name``."""
    module, _, attribute = name.partition(":")
    found: Catalog = getattr(importlib.import_module(module), attribute)
    return found
