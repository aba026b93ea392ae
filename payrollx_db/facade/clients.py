"""A registry of clients: the facades of one process by name, each with where it lives.

A process that serves several domains looks them up by name; one that serves a single domain doesn't need it.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

from payrollx_db.errors import CatalogError, ConfigurationError, PayrollxError
from payrollx_db.facade.facade import Facade
from payrollx_db.postgres.url import DatabaseUrl


@dataclass(frozen=True)
class Client:
    """A registered facade and where it lives; ``problem`` says why that isn't known, and is empty where it is."""

    name: str
    facade: Facade
    url: DatabaseUrl | None
    problem: str = ""


class Clients:
    """Facades by the names of their services. Registering one connects to nothing."""

    def __init__(self, package: str = "") -> None:
        """With ``package``, a service that isn't registered is looked for there, as ``package.<service>``."""
        self._package = package
        self._facades: dict[str, Facade] = {}

    def register(self, facade: Facade | ModuleType) -> Facade:
        """Add a service's facade, or its module's ``db``. Raises CatalogError where another one has its name."""
        found = facade if isinstance(facade, Facade) else getattr(facade, "db", None)
        if not isinstance(found, Facade):
            raise CatalogError(f"{facade!r} is no facade, and has none", hint="register auth.db, or the module auth")
        name = found.service.name
        if self._facades.setdefault(name, found) is not found:
            raise CatalogError(f"another facade is registered as {name}", hint="register each service once")
        return found

    def get(self, name: str) -> Facade:
        """Return the facade called ``name``. Raises ConfigurationError, naming those that there are."""
        if name not in self._facades and self._package:
            self._import(name)
        if name in self._facades:
            return self._facades[name]
        known = ", ".join(sorted(self._facades)) or "none"
        raise ConfigurationError(f"no client is registered as {name!r}", hint=f"registered are {known}")

    def all(self) -> Iterator[Client]:
        """Yield the registered clients by name, each with where its service lives."""
        for name in sorted(self._facades):
            try:
                yield Client(name, self._facades[name], self._facades[name].url)
            except PayrollxError as error:
                yield Client(name, self._facades[name], None, error.message)

    def __contains__(self, name: str) -> bool:
        return name in self._facades

    def _import(self, name: str) -> None:
        if not name.isidentifier():
            return
        place = f"{self._package}.{name}"
        try:
            module = importlib.import_module(place)
        except ModuleNotFoundError as error:
            if error.name != place:
                raise
            return
        if isinstance(getattr(module, "db", None), Facade):
            self.register(module)
