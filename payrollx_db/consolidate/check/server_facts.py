"""Facts about one database and its server: rights, locale, extensions, sessions, settings.

`preflight` judges them. Both sides are asked the same questions, in a few statements of milliseconds.
"""

import ipaddress
import shutil
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from psycopg import sql
from psycopg.rows import class_row

from payrollx_db.consolidate.state.schema import SCHEMA as META
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, Endpoint, run
from payrollx_db.postgres.session_pool import SessionPool

queries = query_files.beside(__name__)

COLLATION_VERSION_SINCE = 150000
ACTUAL_VERSION = "SELECT pg_catalog.pg_database_collation_actual_version({}::oid)"
THIS_DATABASE = "(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"

PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}


@dataclass(frozen=True)
class Locale:
    """By which rules text sorts and changes case. ``ctype`` is set where the operating system's rules hold."""

    provider: str
    name: str
    ctype: str = ""

    @classmethod
    def of(cls, provider: str, name: str, ctype: str) -> "Locale":
        """Return the locale with its names written in one way: ``en_US.UTF-8`` is ``en_US.utf8``."""
        if provider != "c":
            return cls(PROVIDERS.get(provider, provider), name)
        return cls("libc", _one_spelling(name), _one_spelling(ctype))

    def __str__(self) -> str:
        ctype = f" (ctype {self.ctype})" if self.ctype not in ("", self.name) else ""
        return f"{self.provider} {self.name}{ctype}"


@dataclass(frozen=True)
class Setting:
    """What `queries/surroundings.sql` answers: the database, this role's rights on it, and its server."""

    provider: str
    locale: str
    ctype: str
    collation_version: str | None
    may_create: bool
    may_make_temporary: bool
    may_write_meta: bool | None  # None: that schema isn't there
    may_replicate: bool
    sees_others: bool
    extensions: Mapping[str, str]
    settings: Mapping[str, str]
    slots: int
    senders: int

    @property
    def default(self) -> Locale:
        """The locale of text columns that name none."""
        return Locale.of(self.provider, self.locale, self.ctype)

    def number(self, name: str) -> int:
        """Return a numeric setting of the server."""
        return int(self.settings.get(name, 0))


@dataclass(frozen=True)
class Relation:
    """A table as this role meets it."""

    oid: int
    schema: str
    name: str
    owner: str
    owned: bool
    schema_usable: bool
    schema_open: bool
    unreadable: list[str]
    filtered: bool
    forced: bool
    unlogged: bool
    identity: str
    foreign_tables: list[str]
    closed_tablespaces: list[str]
    tablespaces: list[str]
    analyzed_size: int

    @property
    def full_name(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Collated:
    """A column's collation; ``provider`` d is the database's own."""

    table: int
    column: str
    name: str
    provider: str
    locale: str
    ctype: str
    deterministic: bool


@dataclass(frozen=True)
class Extended:
    """A column whose type belongs to an extension."""

    table: int
    column: str
    extension: str


@dataclass(frozen=True)
class Transaction:
    """Somebody's open or prepared transaction; ``seconds`` is ``None`` where this role may not know."""

    name: str
    seconds: float | None
    prepared: bool
    table: int = 0


@dataclass(frozen=True)
class ServerFacts:
    """All facts about one database."""

    setting: Setting
    relations: tuple[Relation, ...]
    collations: Mapping[tuple[int, str], Collated]
    extended: Mapping[tuple[int, str], str]
    transactions: tuple[Transaction, ...]
    holders: tuple[Transaction, ...]
    collation_actual: str | None = None
    directory: Path | None = field(default=None)

    def locale(self, table: int, column: str) -> Locale | None:
        """Return by which rules a column sorts, or ``None`` where its type has none."""
        collated = self.collations.get((table, column))
        if collated is None:
            return None
        if collated.provider == "d":
            return self.setting.default
        return Locale.of(collated.provider, collated.locale, collated.ctype)


async def fetch_facts(sessions: SessionPool, endpoint: Endpoint, tables: Collection[int], version: int) -> ServerFacts:
    """Gather the facts about ``endpoint`` and its ``tables`` (oids). Raises SourceError or TargetError."""
    oids = {"tables": list(tables)}
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read its rights, settings and sessions"):
            setting = (await _all(connection, Setting, "surroundings", {"meta": META}))[0]
            relations = await _all(connection, Relation, "relations", oids)
            collations = await _all(connection, Collated, "collations", oids)
            extended = await _all(connection, Extended, "extension_types", oids)
            transactions = await _all(connection, Transaction, "transactions", {})
            holders = await _all(connection, Transaction, "lock_holders", oids)
            actual = None
            if version >= COLLATION_VERSION_SINCE:
                query = sql.SQL(ACTUAL_VERSION).format(sql.SQL(THIS_DATABASE))
                actual = (await run(connection, query))[0][0]
            local = is_here(connection)
    directory = setting.settings.get("data_directory")  # hidden from a role without pg_read_all_settings
    return ServerFacts(
        setting,
        tuple(relations),
        {(c.table, c.column): c for c in collations},
        {(e.table, e.column): e.extension for e in extended},
        tuple(transactions),
        tuple(holders),
        actual,
        Path(directory) if directory and local else None,
    )


def free_bytes(directory: Path, system: str, part: str = "") -> int | None:
    """Return the free space where a server's data is, or a ``part`` of it.

    ``None`` unless it can be seen from here to be that server's.
    A loopback address may lead into a container or a tunnel, behind which the same path is another
    place. The system identifier, with which pg_control begins, tells.
    """
    try:
        with (directory / "global" / "pg_control").open("rb") as control:
            if str(int.from_bytes(control.read(8), sys.byteorder)) != system:
                return None
        return shutil.disk_usage(directory / part).free
    except OSError:
        return None


T = TypeVar("T")


async def _all(connection: Connection, kind: type[T], query: str, params: Mapping[str, Any]) -> list[T]:
    cursor = connection.cursor(row_factory=class_row(kind))
    await cursor.execute(queries.load(query), params)
    return await cursor.fetchall()


def is_here(connection: Connection) -> bool:
    """Tell whether a session's server may be on this machine, by the address that it was reached at."""
    if connection.info.host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(connection.info.hostaddr).is_loopback
    except ValueError:
        return False


def _one_spelling(name: str) -> str:
    language, dot, codeset = name.partition(".")
    language = "C" if language == "POSIX" else language
    return language + dot + codeset.lower().replace("-", "")
