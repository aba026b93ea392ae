"""The databases that doctor, metrics and pool-budget examine, each with the services that are in it."""

import asyncio
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from payrollx_db.cli import options
from payrollx_db.cli.render import console
from payrollx_db.cli.throttle import duration
from payrollx_db.errors import ConfigurationError

if TYPE_CHECKING:
    from payrollx_db.health.database import Expected, Place
    from payrollx_db.model.catalog import Catalog, Service
    from payrollx_db.postgres.url import DatabaseUrl

READ_APART = (
    "place both in one database, or read it through its own service's facade and join the two in the application"
)
SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


def places(services: "Iterable[Service]", database_url: str | None) -> "tuple[Place, ...]":
    """Return the databases of ``services``, with those that are placed in each.

    ``database_url`` wins over DATABASE_URL. Raises ConfigurationError where nothing says where one is.
    """
    from payrollx_db.facade.variables import url_of
    from payrollx_db.health.database import Place

    environ = {**os.environ, "DATABASE_URL": database_url or ""}
    by_url: dict[str, Place] = {}
    for service in services:
        url = url_of(service.name, environ)
        others = by_url[url.plain].services if url.plain in by_url else ()
        by_url[url.plain] = Place(url, (*others, service))
    return tuple(by_url.values())


def note_reads_apart(catalog: "Catalog", names: Iterable[str], database_url: str | None) -> None:
    """Note which tables the services of these ``names`` may read and can't, being placed in other databases."""
    from payrollx_db.health.placed import reads_apart

    chosen, urls = set(names), {}
    for service in catalog.services:
        with suppress(ConfigurationError):  # of one that nothing places, nothing is known
            urls[service.name] = options.home(service.name, database_url)
    reads = reads_apart(catalog, urls)
    concerned = [read for read in reads if chosen & {read.owner, *read.readers}]
    for read in concerned:
        console.note(str(read))
    if concerned:
        console.note(f"hint: {READ_APART}")


def is_placed(services: "Iterable[Service]", database_url: str | None) -> bool:
    """Tell whether anything says where services are: the option, DATABASE_URL, or the variable of one of them."""
    from payrollx_db.facade.variables import variable

    return bool(database_url) or any(os.environ.get(variable(service.name)) for service in services)


def refuse_unfinished(url: "DatabaseUrl", catalog: "Catalog", services: "Iterable[Service]", action: str) -> None:
    """Raise StateConflictError where a run that fills tables of ``services`` is unfinished; ``action`` must wait."""
    from payrollx_db.consolidate.state.unfinished import refuse_unfinished_at
    from payrollx_db.postgres.session import Endpoint

    schemas = {service.schema for service in services}
    asyncio.run(refuse_unfinished_at(Endpoint(url, "target", url.dbname), schemas, action, catalog))


def health_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of an examination; the command gets ``places``, the databases, and ``expected``."""

    @wraps(command)
    def wrapped(
        *,
        database_url: str | None,
        catalog: str,
        backups: Path | None,
        backup_age: str,
        long_transaction: str,
        **given: Any,
    ) -> Any:
        known = options.catalog_here(catalog, database_url)
        examined = places(known.services, database_url)
        expected = _expected(known, backups, seconds(backup_age), seconds(long_transaction))
        return command(places=examined, expected=expected, **given)

    decorated: Callable[..., Any] = wrapped
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated


OPTIONS = (
    options.database_url,
    options.catalog,
    click.option("--backups", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
                 envvar="PAYROLLX_BACKUPS",
                 help="Folder of backups, to find services whose last backup is missing or old."),
    click.option("--backup-age", default="26h", show_default=True, metavar="TIME", callback=duration,
                 envvar="PAYROLLX_BACKUP_AGE", help="Age from which a last backup counts as old."),
    click.option("--long-transaction", default="5min", show_default=True, metavar="TIME", callback=duration,
                 envvar="PAYROLLX_LONG_TRANSACTION",
                 help="Time after which an open transaction counts as long."),
    click.option("--timeout", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True,
                 metavar="SECONDS", envvar="PAYROLLX_HEALTH_TIMEOUT",
                 help="Seconds that one database may take to answer everything."),
)  # fmt: skip


def seconds(text: str) -> float:
    """Return the seconds of a duration that `duration` has let through: ``5min`` is 300."""
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    return float(number) * SECONDS[text.removeprefix(number).strip() or "s"]


def _expected(
    catalog: "Catalog", backups: Path | None, backup_seconds: float, transaction_seconds: float
) -> "Expected":
    from payrollx_db.backup.manifest import last_backups
    from payrollx_db.health.database import Expected, Limits
    from payrollx_db.schema import migrate

    if backups is not None:
        _look_into(backups)
    limits = Limits(transaction_seconds=transaction_seconds, backup_seconds=backup_seconds)
    reading = None if backups is None else partial(last_backups, backups)
    return Expected(catalog, migrate.branches(catalog), reading, limits)


def _look_into(folder: Path) -> None:
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        raise ConfigurationError(
            f"the folder of backups {folder} can't be read: {error.strerror}",
            hint="name the one that payrollx-db service backup --dir writes into",
        ) from None
