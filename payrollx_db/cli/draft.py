"""``payrollx-db draft``: a project to own, from a database that has one schema a service."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from payrollx_db.cli import options
from payrollx_db.cli.command import command
from payrollx_db.cli.destructive import confirm, yes
from payrollx_db.cli.render import console
from payrollx_db.errors import ConfigurationError

if TYPE_CHECKING:
    from payrollx_db.backup.clients import Clients
    from payrollx_db.lift.draft.drafting import Draft, Request, ServicePlace
    from payrollx_db.lift.draft.prisma_names import PrismaSchema
    from payrollx_db.postgres.url import DatabaseUrl


@command(example="payrollx-db draft --dir ./unified --schema shop --schema crm")
@options.database_url
@click.option("--dir", "folder", required=True, type=click.Path(path_type=Path), metavar="DIR",
              envvar="PAYROLLX_DRAFT_DIR", help="Folder to write the project into: a new or an empty one.")  # fmt: skip
@click.option("--schema", "schemas", multiple=True, metavar="NAME",
              help="Schema that becomes a service of its name. Repeat the option for several.")  # fmt: skip
@click.option("--service", "services", multiple=True, metavar="NAME=SCHEMA",
              help="Service with a schema of another name. Repeat the option for several.")  # fmt: skip
@click.option("--lift", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", envvar="PAYROLLX_LIFT",
              help="The lift.toml that says the services, and where their rows come from.")  # fmt: skip
@click.option("--prisma", "prisma_schemas", multiple=True, metavar="[SERVICE=]PATH", envvar="PAYROLLX_DRAFT_PRISMA",
              help="Prisma schema to take names from, a file or a folder; repeatable. SERVICE says whose it is "
              "where its tables don't tell.")  # fmt: skip
@click.option("--package", metavar="NAME", help="Name of the Python package; by default that of the folder.")
@yes
@options.as_json
def draft(
    *,
    database_url: str | None,
    folder: Path,
    schemas: Sequence[str],
    services: Sequence[str],
    lift: Path | None,
    prisma_schemas: Sequence[str],
    package: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Write a Python project from a database that has one schema a service: yours to read, to edit and to keep.

    It has models, a catalog, migrations, tests and a README. The database is only read. What SQLAlchemy can't say
    (functions, triggers, views and the like) is kept in the migrations as SQL, and listed in the README.
    """
    from payrollx_db.lift.draft import drafting

    named = [*map(_place, schemas), *map(_service, services)]
    request = _request(options.unified_database(database_url), _package(folder, package), named, lift)
    request = replace(request, prisma=[*map(_prisma, prisma_schemas)])
    may_replace = _may_replace(folder, yes=yes)
    drafted = drafting.draft(request, _find)
    old = drafting.write(folder, drafted, replace=may_replace)
    if old is not None:
        console.note(f"what was in {folder} is in {old} now")
    _answer(folder, request, drafted, as_json=as_json)


def _package(folder: Path, package: str | None) -> str:
    from payrollx_db.lift.draft import drafting

    if package is not None and drafting.package_name(package) != package:
        raise ConfigurationError(
            f"{package!r} can't be a package's name", hint=f"take {drafting.package_name(package)!r}, or another one"
        )
    return package or drafting.package_name(str(folder))


def _request(url: "DatabaseUrl", package: str, named: "Sequence[ServicePlace]", lift: Path | None) -> "Request":
    """Return what is to be drafted. Raises UsageError, or ConfigurationError where the lift was not planned."""
    from payrollx_db.lift.draft.drafting import Request, ServicePlace

    typed = click.get_current_context().get_parameter_source("lift") is ParameterSource.COMMANDLINE
    if lift and named and typed:
        raise click.UsageError("--lift says which services there are, so --schema and --service don't go with it.")
    if lift is None or named:
        return Request(url, package, named)
    from payrollx_db.lift import catalog

    lifted = catalog.load(lift)
    return Request(
        url,
        package,
        [ServicePlace(one.service, one.schema, one.role) for one in lifted.project.schemas],
        lifted.project.owner_role,
        lifted.project.reader_role,
        catalog=lifted.project.name,
        layout=lifted.layout,
        references=lifted.catalog.references,
    )


def _place(schema: str) -> "ServicePlace":
    from payrollx_db.lift.draft import names
    from payrollx_db.lift.draft.drafting import ServicePlace

    return ServicePlace(names.words(schema), schema)


def _service(text: str) -> "ServicePlace":
    from payrollx_db.lift.draft import names
    from payrollx_db.lift.draft.drafting import ServicePlace

    name, equals, schema = text.partition("=")
    if not equals or not schema or names.words(name) != name:
        raise click.BadParameter(
            f"{text!r} isn't NAME=SCHEMA, with a name of lower-case letters, digits and underscores.",
            param_hint="--service",
        )
    return ServicePlace(name, schema)


def _prisma(text: str) -> "PrismaSchema":
    from payrollx_db.lift.draft.prisma_names import PrismaSchema

    service, equals, path = text.partition("=")
    # A path may have the sign as well; what stands before it is a service only where it is no folder.
    if equals and "/" not in service:
        return PrismaSchema(Path(path).expanduser(), service)
    return PrismaSchema(Path(text).expanduser())


def _may_replace(folder: Path, *, yes: bool) -> bool:
    """Ask before what is in the folder goes. Raises ConfigurationError where nobody is there to ask."""
    from payrollx_db.lift.draft import project

    if not project.occupied(folder):
        return False
    if not folder.expanduser().is_dir():
        raise ConfigurationError(f"{folder} is a file", hint="name a folder")
    confirm(f"{folder} isn't empty: it would be renamed, and the project put in its place", yes=yes)
    return True


def _find(version: int) -> "Clients":
    from payrollx_db.backup.clients import Clients
    from payrollx_db.devserver.programs import folders

    return Clients.find(version, folders())


def _answer(folder: Path, request: "Request", drafted: "Draft", *, as_json: bool) -> None:
    if as_json:
        console.answer_json(_document(folder, request, drafted))
        return
    table = console.table(("service", "left"), ("module", "left"), ("tables", "right"), ("beside tables", "right"))
    for service in drafted.services:
        module = f"{request.package}/{service.module}.py"
        table.add_row(service.name, module, str(len(service.tables)), str(len(service.extras)))
    console.answer_table(table)
    if drafted.disagreements:
        console.warning(
            f"{len(drafted.disagreements)} things in the Prisma schemas aren't so in the database; README.md lists them"
        )
    console.answer(f"{len(drafted.files)} files are in {folder}; its README.md says how to go on")


def _document(folder: Path, request: "Request", drafted: "Draft") -> dict[str, Any]:
    return {
        "folder": str(folder),
        "catalog": f"{request.package}.catalog:CATALOG",
        "files": sorted(drafted.files),
        "disagreements": list(drafted.disagreements),
        "services": [
            {
                "name": service.name,
                "schema": service.schema,
                "module": service.module,
                "role": service.role,
                "tables": [table.name for table in service.tables],
                "extras": list(service.extras),
                "unsaid": list(drafted.unsaid.get(service.schema, ())),
            }
            for service in drafted.services
        ],
    }
