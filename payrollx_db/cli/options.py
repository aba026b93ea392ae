"""Options that several commands share, and what they turn into."""

import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from payrollx_db.catalogs import registry
from payrollx_db.cli.environment import search_working_folder
from payrollx_db.errors import CatalogError, ConfigurationError
from payrollx_db.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    from payrollx_db.model.catalog import Catalog, Service

Command = Callable[..., Any]

SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kKmMgGtT]?[bB])?")
UNITS = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "tb": 1000**4}

database_url = click.option(
    "--database-url",
    envvar="DATABASE_URL",
    metavar="URL",
    help="URL of the unified database.",
)

LIFT = "payrollx_db.lift"  # where the context of a call keeps the file that --lift names


def _keep_lift(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    """Keep the lift's file for the callback of ``--catalog``, which comes later."""
    if value is not None:
        source = ctx.get_parameter_source(parameter.name or "")
        ctx.meta[LIFT] = (value, source is ParameterSource.COMMANDLINE)
    return value


def choose_catalog(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the catalog's name, or the lift's file in its place. What a person types goes before what is set."""
    file, typed = ctx.meta.get(LIFT, (None, False))
    named = ctx.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    if file is None or (named and not typed):
        return search_working_folder(ctx, parameter, value)
    if named:
        raise click.UsageError("--lift and --catalog exclude each other.")
    if not registry.is_lift(str(file)):
        raise ConfigurationError(f"--lift {file}: the name of a lift's file ends in {registry.LIFT}")
    return str(file)


def or_lift(catalog_option: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return a decorator that adds ``--catalog``, and ``--lift``, which takes its place."""
    lift_option = click.option(
        "--lift",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        envvar="PAYROLLX_LIFT",
        show_envvar=True,
        is_eager=True,
        expose_value=False,
        callback=_keep_lift,
        help="The lift.toml of databases that were carried over as they are, in place of --catalog.",
    )
    return lambda command: catalog_option(lift_option(command))


catalog = or_lift(
    click.option(
        "--catalog",
        default="payrollx",
        show_default=True,
        metavar="NAME",
        envvar="PAYROLLX_CATALOG",
        callback=choose_catalog,
        help="Catalog of the unified database: a built-in or installed one, or package.module:name.",
    )
)


def size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Return a number of bytes: ``20GB``, ``500MB``, or the bytes themselves."""
    if value is None:
        return None
    match = SIZE.fullmatch(value.strip())
    if match is None:
        raise click.BadParameter(f"{value!r} is not a size; give bytes, or a number and kB, MB, GB or TB", ctx, param)
    number, unit = match.groups()
    return int(float(number) * UNITS[(unit or "b").lower()])


max_retained = click.option(
    "--max-retained",
    metavar="BYTES",
    callback=size,
    envvar="PAYROLLX_MAX_RETAINED",
    show_envvar=True,
    help="Let a slot go, rather than fill a disk, when its server keeps more log than this: bytes, or 20GB, 500MB.",
)

without_triggers = click.option(
    "--without-triggers",
    is_flag=True,
    envvar="PAYROLLX_WITHOUT_TRIGGERS",
    show_envvar=True,
    help="Leave out the target's own triggers: they are disabled until the run is done, then enabled as they were.",
)

recorded_catalog = or_lift(
    click.option(
        "--catalog",
        metavar="NAME",
        envvar="PAYROLLX_CATALOG",
        callback=choose_catalog,
        show_envvar=True,
        help="Only what was recorded of this catalog; by default of any.",
    )
)

as_json = click.option(
    "--json", "as_json", is_flag=True, envvar="PAYROLLX_JSON", help="Print JSON."
)  # fmt: skip

events = click.option(
    "--events",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    envvar="PAYROLLX_EVENTS",
    help="Append each event to FILE as it happens, one JSON document a line.",
)


def name_of(catalog: str | None) -> str:
    """Return the name under which runs of ``catalog`` are recorded; empty for any. Raises as the registry does."""
    if catalog and registry.is_lift(catalog):  # which needs no lock for that
        from payrollx_db.lift import project

        return project.read(Path(catalog)).name
    return registry.find(catalog).name if catalog else ""


def named_service(catalog: "Catalog", name: str) -> "Service":
    """Return the service of ``catalog`` that somebody named; a tenant by its id, too.

    Raises ConfigurationError where it has none so called.
    """
    for service in catalog.services:
        if service.tenant and service.tenant == name:
            return service
    try:
        return catalog.service(name)
    except CatalogError as error:
        raise ConfigurationError(error.message, hint=error.hint) from None


def catalog_here(name: str, text: str | None, also: str = "") -> "Catalog":
    """Return the catalog ``name``; of one with a template, with the tenants that the unified database has.

    If ``also`` names a tenant that it doesn't have, it is there as well. Raises as `registry.find`, and TargetError
    where that database can't be reached.
    """
    known = registry.find(name)
    if known.template is None or not text:
        return known
    from payrollx_db.tenants.present import with_tenants

    return with_tenants(known, unified_database(text), also)


def named_services(catalog: "Catalog", names: Iterable[str]) -> "list[Service]":
    """Return the services of ``catalog`` of these names. Raises as `named_service` does."""
    return [named_service(catalog, name) for name in names]


def home(service: str, text: str | None) -> DatabaseUrl:
    """Return where a service lives: the database of --database-url, if that was given; else its own variable's,
    else DATABASE_URL's. Raises ConfigurationError where nothing says so.
    """
    from payrollx_db.facade.variables import url_of

    given = click.get_current_context().get_parameter_source("database_url")
    return unified_database(text) if given is ParameterSource.COMMANDLINE else url_of(service)


def placed_elsewhere(catalog: "Catalog", unified: DatabaseUrl) -> tuple[str, ...]:
    """Return the services that variables of their own place in another database than ``unified``."""
    from payrollx_db.facade.variables import variable

    texts = {service.name: os.environ.get(variable(service.name)) for service in catalog.services}
    return tuple(name for name, text in texts.items() if text and not _is_url_of(text, unified))


def _is_url_of(text: str, url: DatabaseUrl) -> bool:
    with suppress(ConfigurationError):  # what is no URL is named by who needs it
        return DatabaseUrl.parse(text).plain == url.plain
    return False


def homes(services: Iterable[str], text: str | None) -> list[tuple[DatabaseUrl, list[str]]]:
    """Return the databases in which these services live, each with those that do. Raises as `home`."""
    by_url: dict[str, tuple[DatabaseUrl, list[str]]] = {}
    for service in services:
        url = home(service, text)
        by_url.setdefault(url.plain, (url, []))[1].append(service)
    return list(by_url.values())


def unified_database(text: str | None) -> DatabaseUrl:
    """Return where the unified database is. Raises ConfigurationError where nothing, or no URL, says so."""
    if not text:
        raise ConfigurationError(
            "DATABASE_URL is not set",
            hint="set it, or pass --database-url postgresql://user:password@host:5432/payrollx_production",
        )
    return DatabaseUrl.parse(text)
