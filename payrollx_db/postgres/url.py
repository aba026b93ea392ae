"""Database URLs as people have them: libpq's, SQLAlchemy's and Prisma's, with the password out of sight."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import parse_qsl, quote, urlencode

from payrollx_db.errors import ConfigurationError

SCHEMES = ("postgres", "postgresql", "postgresql+psycopg", "postgresql+pg8000", "postgresql+asyncpg")

# Parameters that Prisma's engine reads and libpq refuses. `schema` is kept apart; the rest tune
# Prisma's own pool and TLS library and say nothing about where the database is.
PRISMA_ONLY = frozenset({
    "connection_limit", "pgbouncer", "pool_timeout", "socket_timeout", "statement_cache_size",
    "max_idle_connection_lifetime", "max_connection_lifetime", "sslaccept", "sslidentity", "single_use_connections",
})  # fmt: skip


@dataclass(frozen=True)
class DatabaseUrl:
    """Where one database is. ``repr`` and ``str`` show the password as ``***``.

    ``params`` are libpq connection parameters (``host``, ``port``, ``user``, ``password``,
    ``dbname``, …); ``schema`` is Prisma's source schema, if the URL named one; ``driver`` is the
    SQLAlchemy driver that the URL asked for, or ``None``; ``pgbouncer`` says, as Prisma's parameter of that
    name does, that a pooler hands each transaction to another session, so that nothing may be prepared.
    """

    params: Mapping[str, str] = field(repr=False)
    schema: str | None = None
    driver: str | None = None
    pgbouncer: bool = False

    @classmethod
    def parse(cls, text: str, *, name: str = "DATABASE_URL") -> "DatabaseUrl":
        """Read ``text``; ``name`` is what an error calls it.

        Raises ConfigurationError where the scheme isn't Postgres or the rest can't be read.
        """
        scheme, separator, rest = text.strip().partition("://")
        if not separator or scheme.lower() not in SCHEMES:
            raise ConfigurationError(
                f"{name} is no Postgres URL",
                hint="write it as postgresql://user:password@host:5432/database",
            )
        rest, _, query = rest.partition("?")
        pairs = dict(parse_qsl(query, keep_blank_values=True))
        schema = pairs.pop("schema", None) or None
        libpq = {key: value for key, value in pairs.items() if key not in PRISMA_ONLY}
        params = _conninfo(f"postgresql://{rest}", name) | _known_only(libpq, name)
        # A raw @ or / in the password: what follows would be shown as the host, the port or the database.
        ports = params.get("port", "").replace(",", "")
        if "@" in params.get("host", "") or "@" in rest.partition("/")[2] or not (ports.isdigit() or not ports):
            raise _unreadable(name)
        pooled = pairs.get("pgbouncer", "").lower() in ("true", "1")
        return cls(params, schema, scheme.lower().partition("+")[2] or None, pooled)

    @property
    def dbname(self) -> str:
        """The database's name, as libpq finds it; empty where a service file may have it, or nothing says it."""
        if name := self.params.get("dbname"):
            return name
        if self.params.get("service") or os.environ.get("PGSERVICE"):  # which goes before what follows
            return ""
        return os.environ.get("PGDATABASE") or self.params.get("user") or os.environ.get("PGUSER", "")

    @property
    def masked(self) -> str:
        """The URL with ``***`` for the password, for people to read."""
        user = quote(self.params.get("user", ""), safe="")
        secret = ":***" if "password" in self.params else ""
        hosts = self.params.get("host", "").split(",")
        ports = self.params.get("port", "").split(",")
        ports = ports * len(hosts) if len(ports) == 1 else ports
        places = ",".join(_place(h, p) for h, p in zip(hosts, ports, strict=False))
        service = f"?service={quote(self.params['service'], safe='')}" if "service" in self.params else ""
        return f"postgresql://{user}{secret}{'@' if user else ''}{places}/{quote(self.dbname, safe='')}{service}"

    def with_database(self, dbname: str) -> "DatabaseUrl":
        """Return the same server and user, with another database."""
        return replace(self, params={**self.params, "dbname": dbname})

    def conninfo(self) -> str:
        """Return a libpq connection string. It holds the password: for drivers, not for people."""
        from psycopg.conninfo import make_conninfo

        return make_conninfo(**self.params)

    @cached_property
    def identity(self) -> str:
        """Equal for URLs that are one login on one database. It holds the password: for lookups, not for people."""
        return f"{self.plain} {self.pgbouncer}"

    @property
    def place(self) -> tuple[str, str, str]:
        """Equal for URLs of one database, whoever logs in there: its host, port and name."""
        return self.params.get("host", ""), self.params.get("port") or "5432", self.dbname

    @property
    def plain(self) -> str:
        """The URL as libpq takes it. It holds the password: for the environment of other programs, not for people."""
        return self.sqlalchemy("").replace("postgresql+://", "postgresql://", 1)

    def sqlalchemy(self, driver: str = "psycopg") -> str:
        """Return a SQLAlchemy URL with ``driver``. It holds the password: for engines, not for people."""
        known = {"host", "port", "user", "password", "dbname"}
        user, password = (quote(self.params.get(key, ""), safe="") for key in ("user", "password"))
        login = user + (f":{password}" if "password" in self.params else "")
        host = self.params.get("host", "")
        query = {key: value for key, value in self.params.items() if key not in known}
        if host.startswith("/") or "," in host:
            query |= {"host": host, "port": self.params.get("port", "5432")}
            place = ""
        else:
            place = _place(host, self.params.get("port", ""))
        tail = f"?{urlencode(query)}" if query else ""
        return f"postgresql+{driver}://{login}{'@' if login else ''}{place}/{quote(self.dbname, safe='')}{tail}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"DatabaseUrl({self.masked!r})"


def _place(host: str, port: str) -> str:
    shown = quote(host, safe="") if host.startswith("/") else f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port else shown


def _conninfo(text: str, name: str) -> dict[str, str]:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        return {key: str(value) for key, value in conninfo_to_dict(text).items()}
    except (ProgrammingError, UnicodeDecodeError):
        # libpq's own message quotes the part that it stumbled over, which may be the password.
        raise _unreadable(name) from None


def _unreadable(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} can't be read as a Postgres URL",
        hint="percent-encode special characters in the user name and the password (@ is %40, / is %2F)",
    )


def _known_only(params: dict[str, str], name: str) -> dict[str, str]:
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo

    for key, value in params.items():
        try:
            make_conninfo("", **{key: value})
        except ProgrammingError:
            if not key.isidentifier():  # a raw ? in the password: this is a piece of it
                raise _unreadable(name) from None
            raise ConfigurationError(
                f'{name} has a parameter "{key}" that neither Postgres nor Prisma knows',
                hint="remove it from the URL",
            ) from None
    return params
