"""Options that several commands share, and what they turn into."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from payrollx_db.catalogs import registry
from payrollx_db.cli.environment import search_working_folder
from payrollx_db.errors import CatalogError, ConfigurationError
from payrollx_db.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    from payrollx_db.model.catalog import Catalog, Service

database_url = click.option(
    "--database-url",
    envvar="DATABASE_URL",
    metavar="URL",
    help="URL of the unified database.",
)

catalog = click.option(
    "--catalog",
    default="payrollx",
    show_default=True,
    metavar="NAME",
    envvar="PAYROLLX_CATALOG",
    callback=search_working_folder,
    help="Catalog of the unified database: a built-in or installed one, or package.module:name.",
)

without_triggers = click.option(
    "--without-triggers",
    is_flag=True,
    envvar="PAYROLLX_WITHOUT_TRIGGERS",
    show_envvar=True,
    help="Leave out the target's own triggers: they are disabled until the run is done, then enabled as they were.",
)

recorded_catalog = click.option(
    "--catalog",
    metavar="NAME",
    envvar="PAYROLLX_CATALOG",
    callback=search_working_folder,
    show_envvar=True,
    help="Only what was recorded of this catalog; by default of any.",
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
    return registry.find(catalog).name if catalog else ""


def named_service(catalog: "Catalog", name: str) -> "Service":
    """Return the service of ``catalog`` that somebody named. Raises ConfigurationError where it has none so called."""
    try:
        return catalog.service(name)
    except CatalogError as error:
        raise ConfigurationError(error.message, hint=error.hint) from None


def named_services(catalog: "Catalog", names: Iterable[str]) -> "list[Service]":
    """Return the services of ``catalog`` of these names. Raises as `named_service` does."""
    return [named_service(catalog, name) for name in names]


def home(service: str, text: str | None) -> DatabaseUrl:
    """Return where a service lives: the database of --database-url, if that was given; else its own variable's,
    else DATABASE_URL's. Raises ConfigurationError where nothing says so.
    """
    from payrollx_db.facade.engines import url_of

    given = click.get_current_context().get_parameter_source("database_url")
    return unified_database(text) if given is ParameterSource.COMMANDLINE else url_of(service)


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
