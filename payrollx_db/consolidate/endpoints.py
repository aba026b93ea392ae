"""Where the legacy databases are: from the environment's variables to endpoints."""

from collections.abc import Mapping

from payrollx_db.errors import ConfigurationError
from payrollx_db.model.layout import Layout
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.url import DatabaseUrl

COMMON = "LEGACY_DATABASE_URL"


def variable(name: str) -> str:
    """Return the environment variable of one legacy database: ``AUTH`` → ``LEGACY_AUTH_DATABASE_URL``."""
    return f"LEGACY_{name}_DATABASE_URL"


def legacy_urls(layout: Layout, environ: Mapping[str, str]) -> dict[str, DatabaseUrl]:
    """Return the URL of each legacy database by its layout name.

    A database's own variable wins; else it is expected under its usual name on the server of
    LEGACY_DATABASE_URL. Raises ConfigurationError, naming what is unset.
    """
    urls: dict[str, DatabaseUrl] = {}
    unset: list[str] = []
    for database in layout.databases:
        own = variable(database.variable)
        if environ.get(own):
            urls[database.name] = DatabaseUrl.parse(environ[own], name=own)
        elif environ.get(COMMON):
            urls[database.name] = DatabaseUrl.parse(environ[COMMON], name=COMMON).with_database(database.usual_database)
        else:
            unset.append(own)
    if unset:
        raise ConfigurationError(
            f"nothing says where {len(unset)} of the {len(layout.databases)} legacy databases are",
            details=tuple(unset),
            hint=f"set {COMMON} to the server that has them all, or one variable each",
        )
    return urls


def endpoints(
    urls: Mapping[str, DatabaseUrl], target: DatabaseUrl, *, application_name: str
) -> tuple[dict[str, Endpoint], Endpoint]:
    """Return the source endpoints by layout name, and the target's."""
    sources = {name: Endpoint(url, "source", name, application_name) for name, url in urls.items()}
    return sources, Endpoint(target, "target", target.dbname, application_name)
