"""The key by which services prove whose a session is: made, kept in a file, and handed to every database of tenants."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from payrollx_db.errors import ConfigurationError, PayrollxError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.instances import template_of
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import ddl, migrate
from payrollx_db.tenants.client.settings import SHORTEST_KEY
from payrollx_db.tenants.lifecycle.registry import as_owner


@dataclass(frozen=True)
class Keyed:
    """A database that knows the key now; or why it couldn't be told, and what to do next."""

    database: str
    problem: str = ""
    hint: str = ""

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {"database": self.database, "problem": self.problem, "hint": self.hint}


def read_or_make(file: Path) -> tuple[str, bool]:
    """Return the key that is in ``file``, and whether it was made just now, which only its owner may read.

    Raises ConfigurationError where it is too short, or the file can't be read or made.
    """
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(file), False
    except OSError as error:
        raise ConfigurationError(f"{file} can't be made: {error.strerror}", hint="name another file") from None
    key = secrets.token_hex(SHORTEST_KEY)
    with os.fdopen(opened, "w", encoding="utf-8") as written:
        written.write(f"{key}\n")
    return key, True


def hand_over(url: DatabaseUrl, catalog: Catalog, file: Path) -> tuple[list[Keyed], bool]:
    """Let the unified database and those that tenants have of their own take the key of ``file``.

    It is made where it is missing, which the second value says; the one before stays valid. A database that can't be
    told is named, and the others are told. Raises ConfigurationError where tenants don't share their tables, and as
    `read_or_make`; TargetError where the registry's database can't be had.
    """
    if template_of(catalog).shape != "shared":
        raise ConfigurationError(
            f"each tenant of {catalog.name} has a schema and a role, which need no key",
            hint="a key is for tenants that share their tables",
        )
    with as_owner(url, catalog) as registry:
        own = {row.database: registry.url(row.id) for row in registry.rows() if row.database}
    key, is_new = read_or_make(file)
    told = [_tell(url, catalog, key, url.masked)]
    told += (_tell_own(where, masked, catalog, key) for masked, where in own.items())
    return told, is_new


# -- private ------------------------------------------------------------------------------------------


def _read(file: Path) -> str:
    try:
        key = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{file} can't be read", hint="name a file with a key, or one to be made") from None
    if len(key) < SHORTEST_KEY:
        raise ConfigurationError(
            f"the key in {file} has fewer than {SHORTEST_KEY} characters", hint="name a file to be made"
        )
    return key


def _tell_own(where: str, masked: str, catalog: Catalog, key: str) -> Keyed:
    try:
        return _tell(DatabaseUrl.parse(where, name="the registry's URL"), catalog, key, masked)
    except PayrollxError as error:
        return Keyed(masked, error.message, error.hint)


def _tell(url: DatabaseUrl, catalog: Catalog, key: str, masked: str) -> Keyed:
    with migrate.connection(url) as opened, migrate.translating_errors(url), opened.begin():
        opened.execute(ddl.look_as(catalog.owner_role))
        migrate.driver_of(opened).execute("SELECT payrollx_tenants.use_key(%s)", [key])
    return Keyed(masked)
