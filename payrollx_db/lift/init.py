"""A new project from what was found: one service a schema, with names that don't collide."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from payrollx_db.errors import ConfigurationError
from payrollx_db.lift import names
from payrollx_db.lift.discovery import FoundDatabase, FoundSchema
from payrollx_db.lift.project import PUBLIC, LiftedSchema, Project, without_secrets
from payrollx_db.postgres.url import DatabaseUrl


@dataclass(frozen=True)
class Renamed:
    """A service that couldn't be called what its source suggests, and why."""

    source: str
    service: str
    reason: str


def new_project(
    path: Path, name: str, server: DatabaseUrl | None, found: Sequence[FoundDatabase]
) -> tuple[Project, tuple[Renamed, ...]]:
    """Return the project of all schemas found, and the services that got other names than their sources suggest.

    Raises ConfigurationError where there is nothing to lift.
    """
    sources = [(database, schema) for database in found for schema in database.schemas]
    if not sources:
        raise ConfigurationError(
            "there is nothing to lift", details=tuple(f"{one.name}: {one.reason}" for one in found if one.reason),
            hint="name other databases",
        )  # fmt: skip
    lifted: list[LiftedSchema] = []
    renamed: list[Renamed] = []
    roles = {f"{name}_owner", f"{name}_reader"}
    for database, schema in sources:
        source = _source_name(database, schema, {one.source for one in lifted})
        service, reason = _service_name(source, {one.service for one in lifted})
        if reason:
            renamed.append(Renamed(source, service, reason))
        role = names.unused(names.shortened(f"{name}_{service}"), roles)
        roles.add(role)
        url = without_secrets(database.given) if database.given else ""
        lifted.append(LiftedSchema(source, database.database, schema.name, url, service, service, role))
    address = without_secrets(server) if server else ""
    return Project(path, name, address, f"{name}_owner", f"{name}_reader", tuple(lifted)), tuple(renamed)


def left_out(found: Sequence[FoundDatabase]) -> Iterator[tuple[str, str]]:
    """Yield the databases that have nothing to lift, each with the reason."""
    yield from ((database.name, database.reason) for database in found if database.reason)


def _source_name(database: FoundDatabase, schema: FoundSchema, taken: set[str]) -> str:
    whole = len(database.schemas) == 1 or schema.name == PUBLIC
    return names.unused(database.name if whole else f"{database.name}.{schema.name}", taken)


def _service_name(source: str, taken: set[str]) -> tuple[str, str]:
    """Return a name for the service of ``source``, and why it is another than its own; empty where it isn't."""
    plain = names.plain_name(source)
    service = names.unused(plain, taken)
    if service != plain:
        return service, f"another service is {plain}"
    suggested = source.replace(".", "_")
    if len(suggested.encode()) > names.LONGEST:
        return service, f"{suggested} has more than {names.LONGEST} bytes"
    return service, "" if service == suggested else f"{suggested} can't be a schema's name as it is, or needs quotes"
