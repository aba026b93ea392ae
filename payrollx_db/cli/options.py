"""Options that several commands share, and what they turn into."""

import click

from payrollx_db.errors import ConfigurationError
from payrollx_db.urls import DatabaseUrl

database_url = click.option(
    "--database-url",
    envvar="DATABASE_URL",
    show_envvar=True,
    metavar="URL",
    help="The unified database.",
)

as_json = click.option(
    "--json", "as_json", is_flag=True, envvar="PAYROLLX_JSON", help="Answer with one JSON document."
)  # fmt: skip


def unified_database(text: str | None) -> DatabaseUrl:
    """Return where the unified database is. Raises ConfigurationError where nothing, or no URL, says so."""
    if not text:
        raise ConfigurationError(
            "DATABASE_URL is not set",
            hint="set it, or pass --database-url postgresql://user:password@host:5432/payrollx_production",
        )
    return DatabaseUrl.parse(text)
