"""``payrollx-db lift init``."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any

from payrollx_db.cli.command import command
from payrollx_db.cli.destructive import destructive_option
from payrollx_db.cli.lift_options import SERVER, databases, lift_file, name, server, sources
from payrollx_db.cli.options import as_json
from payrollx_db.cli.render import console
from payrollx_db.errors import ConfigurationError
from payrollx_db.lift import discovery, project
from payrollx_db.lift.discovery import FoundDatabase, FoundSchema, Reached
from payrollx_db.lift.init import Renamed, left_out, new_project
from payrollx_db.lift.names import problem_with_service
from payrollx_db.lift.project import Project
from payrollx_db.postgres.url import DatabaseUrl


@command(example="payrollx-db lift init --server postgresql://reader@db.example/postgres --databases 'shop_*,crm'")
@server
@databases
@sources
@name
@lift_file
@destructive_option("--force", is_flag=True, help="Overwrite the file, with all that was edited in it.")
@as_json
def init(
    server: str | None,
    databases: tuple[str, ...],
    sources: tuple[str, ...],
    name: str,
    file: Path,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Find the databases and their schemas, and write lift.toml: what becomes of each. No database is changed.

    Each schema that holds something becomes a service. The file is there to be read and edited.
    """
    refuse_existing(file, force=force)
    lifted, found, renamed = find(server, databases, sources, name, file)
    project.write(lifted)
    if as_json:
        console.answer_json(document(lifted, found, renamed))
        return
    show(lifted, found, renamed)
    console.note(f"wrote {file}\nhint: read it, then {lifted.command('lift plan')}")


def refuse_existing(file: Path, *, force: bool) -> None:
    """Raise ConfigurationError where the file is there, and nobody said that it may be overwritten."""
    if file.exists() and not force:
        raise ConfigurationError(
            f"{file} is there already", hint="name another file with --lift, or add --force to overwrite it"
        )
    if file.suffix != ".toml":
        raise ConfigurationError(f"--lift {file}: the name must end in .toml", hint=f"call it {file.name}.toml")


def find(
    server: str | None, databases: Iterable[str], sources: Sequence[str], name: str, file: Path,
    run: Callable[[Coroutine[Any, Any, Any]], Any] = asyncio.run, reached: Reached | None = None,
) -> tuple[Project, tuple[FoundDatabase, ...], tuple[Renamed, ...]]:  # fmt: skip
    """Return the project of what these options name, what was found, and what got another name.

    ``run`` is who runs coroutines, and ``reached`` has sessions that are to stay. Raises ConfigurationError where they
    name nothing, or nothing that is there; SourceError.
    """
    if problem := problem_with_service(name):
        raise ConfigurationError(f"--name: {problem.replace('the service', 'the name', 1)}")
    patterns = [part.strip() for text in databases for part in text.split(",") if part.strip()]
    if patterns and not server:
        raise ConfigurationError(
            "--databases needs a server", hint=f"add {SERVER} postgresql://user@host:5432/postgres"
        )
    if not patterns and not sources:
        raise ConfigurationError(
            "nothing says which databases", hint=f"add {SERVER} URL --databases 'shop_*,crm', or --source NAME=URL"
        )
    address = DatabaseUrl.parse(server, name=SERVER) if server and patterns else None
    named = discovery.parse_sources(sources, os.environ)
    found = [
        *(run(discovery.databases_of_server(address, patterns, reached)) if address else ()),
        *run(discovery.databases_of_urls(named, reached)),
    ]
    lifted, renamed = new_project(file, name, address, found)
    return lifted, tuple(found), renamed


def show(lifted: Project, found: Sequence[FoundDatabase], renamed: Sequence[Renamed]) -> None:
    """Show which schema becomes which service, and what is left out."""
    sizes = _sizes(found)
    table = console.table(
        ("database", "left"), ("schema", "left"), ("tables", "right"), ("other objects", "right"), ("service", "left")
    )
    for source in lifted.schemas:
        size = sizes[source.database, source.url, source.source_schema]
        table.add_row(source.database, source.source_schema, f"{size.tables:,}", f"{size.others:,}", source.service)
    console.answer_table(table)
    for one in renamed:
        console.note(f"{one.source} becomes the service {one.service}, because {one.reason}")
    for database, reason in left_out(found):
        console.warning(f"{database} is left out: {reason}")


def document(lifted: Project, found: Sequence[FoundDatabase], renamed: Sequence[Renamed]) -> dict[str, Any]:
    """Return the same as plain data, for ``--json``."""
    sizes = _sizes(found)
    return {
        "file": str(lifted.path),
        "services": [
            {
                "source": source.source,
                "database": source.database,
                "source_schema": source.source_schema,
                "service": source.service,
                "schema": source.schema,
                "role": source.role,
                "tables": sizes[source.database, source.url, source.source_schema].tables,
            }
            for source in lifted.schemas
        ],
        "renamed": [{"source": one.source, "service": one.service, "reason": one.reason} for one in renamed],
        "left_out": [{"database": database, "reason": reason} for database, reason in left_out(found)],
    }


def _sizes(found: Sequence[FoundDatabase]) -> dict[tuple[str, str, str], FoundSchema]:
    return {
        (one.database, project.without_secrets(one.given) if one.given else "", schema.name): schema
        for one in found
        for schema in one.schemas
    }
