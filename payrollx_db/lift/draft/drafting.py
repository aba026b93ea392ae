"""From a database and the names of its services to a project in a folder: the story of ``payrollx-db draft``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from payrollx_db.backup.clients import Clients
from payrollx_db.consolidate.plan.conversion import snake_case
from payrollx_db.errors import ConfigurationError
from payrollx_db.lift.draft import database as databases
from payrollx_db.lift.draft import migrations, names, project
from payrollx_db.lift.draft.database import Database
from payrollx_db.lift.draft.models import Loose, ServiceDraft
from payrollx_db.lift.draft.prisma_names import PrismaSchema, given_names
from payrollx_db.model.catalog import Reference
from payrollx_db.model.layout import Layout, TableMap
from payrollx_db.postgres.url import DatabaseUrl

LONGEST = 63  # bytes of a role's name


@dataclass(frozen=True)
class ServicePlace:
    """A service as somebody names it: ``role`` empty is one made of the project's name and the service's."""

    name: str
    schema: str
    role: str = ""


@dataclass(frozen=True)
class Request:
    """What is to be drafted. ``package`` is what the project's Python package is called."""

    url: DatabaseUrl
    package: str
    services: Sequence[ServicePlace]
    owner_role: str = ""
    reader_role: str = ""
    catalog: str = ""  # the catalog's name, under which runs are recorded; empty: the package's
    layout: Layout | None = None
    references: Sequence[Reference] = ()  # of which the loose ones are declared
    prisma: Sequence[PrismaSchema] = ()


@dataclass(frozen=True)
class Draft:
    """A project as texts by path, what of the database went into it, and where Prisma schemas disagree with it."""

    files: Mapping[str, str]
    services: Sequence[ServiceDraft]
    unsaid: Mapping[str, Sequence[str]]
    disagreements: Sequence[str] = ()


def draft(request: Request, find_clients: Callable[[int], Clients]) -> Draft:
    """Read the database, and write the project's files as texts. Nothing is changed, and no file written.

    ``find_clients`` finds pg_dump for a server's version. Raises ConfigurationError where a schema isn't there, two
    services share one, a foreign key points out of them, or it isn't clear of which service a Prisma schema speaks;
    PrismaSchemaError where one can't be read; SourceError where the catalog can't be read; TargetError where pg_dump
    fails.
    """
    _refuse_repeated(request.services)
    read = databases.read(request.url, [service.schema for service in request.services])
    _refuse_outside(read)
    services = _services(request, read)
    given = given_names(request.prisma, services, read)
    whole = project.Project(
        request.package, request.catalog or request.package, read, services,
        request.owner_role or f"{request.package}_owner", request.reader_role or f"{request.package}_reader",
        _general_rules_left_out(request.layout, read) if request.layout else None, given.names, given.disagreements,
    )  # fmt: skip
    clients = find_clients(read.version)
    scripts = {service.schema: migrations.scripts(request.url, clients, service) for service in services}
    return Draft(project.files(whole, scripts), services, read.unsaid, given.disagreements)


def package_name(text: str) -> str:
    """Return what a project's package is called that lies in a folder, or belongs to a lift, of that name."""
    name = names.attribute(Path(text).expanduser().absolute().name)
    return f"{name}_db" if name in {"alembic", "tests", "payrollx_db", "test"} else name.rstrip("_") or "unified"


def write(target: Path, drafted: Draft, *, replace: bool = False) -> Path | None:
    """Write a project into a folder, whole or not at all. Returns and raises as `project.write`."""
    return project.write(target, drafted.files, replace=replace)


def _services(request: Request, read: Database) -> list[ServiceDraft]:
    services: list[ServiceDraft] = []
    for place in request.services:
        module = names.module(place.name, [service.module for service in services])
        role = place.role or f"{request.package}_{names.words(place.name)}"
        if len(role.encode()) > LONGEST:
            raise ConfigurationError(f"the role {role!r} has more than {LONGEST} bytes", hint="name a shorter service")
        tables, extras = read.tables[place.schema], read.extras[place.schema]
        loose = _loose(place.schema, request.references)
        services.append(ServiceDraft(place.name, module, place.schema, role, tables, extras, loose))
    return services


def _loose(schema: str, references: Sequence[Reference]) -> dict[tuple[str, str], Loose]:
    """Return the loose references of a schema's tables, by table and column."""
    found: dict[tuple[str, str], Loose] = {}
    for number, reference in enumerate(one for one in references if not one.enforced):
        here, _, table = reference.table.partition(".")
        together = f"reference {number + 1}" if len(reference.columns) > 1 else ""
        if here == schema:
            for column, target in zip(reference.columns, reference.target_columns, strict=True):
                found[table, column] = Loose(f"{reference.target_table}.{target}", together)
    return found


def _general_rules_left_out(layout: Layout, read: Database) -> Layout:
    """Return the layout without the renames that the general rules make by themselves."""
    columns = {
        f"{table.schema}.{table.name}": {column.name for column in table.columns}
        for tables in read.tables.values()
        for table in tables
    }

    def is_said(table_map: TableMap, column: str, target: str) -> bool:
        return column in columns.get(table_map.target, ()) or snake_case(column) != target

    databases = tuple(
        replace(
            database,
            maps=tuple(
                replace(one, rename={key: name for key, name in one.rename.items() if is_said(one, key, name)})
                for one in database.maps
            ),
        )
        for database in layout.databases
    )
    return replace(layout, databases=databases, remedy="")


def _refuse_repeated(services: Sequence[ServicePlace]) -> None:
    if not services:
        raise ConfigurationError("no service is named", hint="name schemas with --schema, or services with --service")
    for kind, values in (("schema", [one.schema for one in services]), ("name", [one.name for one in services])):
        if twice := {value for value in values if values.count(value) > 1}:
            raise ConfigurationError(f"two services share the {kind} {min(twice)!r}", hint="name each once")


def _refuse_outside(read: Database) -> None:
    """Refuse keys that point at tables of other schemas: no model could say them."""
    lines = [
        f"{table.schema}.{table.name} points at {key.target_schema}.{key.target}"
        for tables in read.tables.values()
        for table in tables
        for key in table.of_kind("f")
        if key.target_schema not in read.tables
    ]
    if lines:
        raise ConfigurationError(
            f"{len(lines)} foreign keys lead out of the named schemas" if len(lines) > 1 else
            "a foreign key leads out of the named schemas",
            details=tuple(lines), hint="name those schemas as services too",
        )  # fmt: skip
