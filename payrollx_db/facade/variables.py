"""Which database a service lives in, by the environment. Light: whoever asks only that imports no SQLAlchemy."""

import os
from collections.abc import Mapping
from functools import lru_cache

from payrollx_db.errors import ConfigurationError
from payrollx_db.postgres.url import DatabaseUrl

UNIFIED = "DATABASE_URL"
PLACING = f"_{UNIFIED}"  # how the variables end that place one service by itself


def variable(service: str) -> str:
    """Return the variable that places ``service`` by itself: ``AUTH_DATABASE_URL``."""
    return f"{service.upper()}_{UNIFIED}"


def url_of(service: str | None, environ: Mapping[str, str] | None = None) -> DatabaseUrl:
    """Return where ``service`` lives; ``None`` is the unified database itself.

    Raises ConfigurationError where no variable says it, or what it says is no Postgres URL.
    """
    variables = os.environ if environ is None else environ
    for name in (variable(service), UNIFIED) if service else (UNIFIED,):
        if text := variables.get(name):
            return _parsed(text, name)
    own = f", or {variable(service)} to place {service} by itself" if service else ""
    raise ConfigurationError(f"{UNIFIED} is not set", hint=f"set it to the unified database's URL{own}")


@lru_cache(maxsize=64)
def _parsed(text: str, name: str) -> DatabaseUrl:
    return DatabaseUrl.parse(text, name=name)
