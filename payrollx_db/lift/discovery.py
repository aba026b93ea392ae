"""What there is to lift: the databases of a server that fit a pattern, and their schemas that hold something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase

from psycopg import sql

from payrollx_db.consolidate.endpoints import variable
from payrollx_db.errors import ConfigurationError
from payrollx_db.lift import names
from payrollx_db.postgres import locks, query_files
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.session import Endpoint, run
from payrollx_db.postgres.session_pool import SessionPool, shared_or_own
from payrollx_db.postgres.url import DatabaseUrl

queries = query_files.beside(__name__)

AT_ONCE = 8  # databases that are looked into at once


@dataclass(frozen=True)
class FoundSchema:
    """A schema that holds something: how many tables, and how many other objects."""

    name: str
    tables: int
    others: int


@dataclass(frozen=True)
class FoundDatabase:
    """A database with its schemas. ``name`` is what its sources are called after; ``given`` is its own URL, or ``None``
    where it is on the project's server. ``reason`` says why there is nothing to lift; empty where there is.
    """

    name: str
    database: str
    given: DatabaseUrl | None
    schemas: tuple[FoundSchema, ...] = ()
    reason: str = ""


@dataclass
class Reached:
    """The databases that were looked into, in sessions that are used again afterwards: their endpoints by the URL."""

    sessions: SessionPool
    endpoints: dict[str, Endpoint] = field(default_factory=dict)

    def reach(self, name: str, url: DatabaseUrl) -> Endpoint:
        """Return the endpoint of a database, and remember it."""
        return self.endpoints.setdefault(url.plain, Endpoint(url, "source", name).placed())

    def again(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint of that name and URL that was reached, or else this one, placed."""
        known = self.endpoints.get(endpoint.url.plain)
        return known if known is not None and known.name == endpoint.name else endpoint.placed()


async def databases_of_server(
    server: DatabaseUrl, patterns: Sequence[str], reached: Reached | None = None
) -> tuple[FoundDatabase, ...]:
    """Return the databases of ``server`` whose names fit one of the patterns, with what each holds.

    With ``reached``, its sessions are used, and stay. Raises ConfigurationError where a pattern fits none, SourceError
    where the server or a database can't be read.
    """
    endpoint = Endpoint(server, "source", server.dbname)
    async with shared_or_own(reached.sessions if reached else None) as sessions:
        async with sessions.session(endpoint) as connection:
            with endpoint.translating_errors("can't list the databases"):
                rows = await run(connection, sql.SQL(queries.load("databases")))
        chosen = _fitting([name for name, *_ in rows], patterns, server)
        readable = {name: allowed and privileged for name, allowed, privileged in rows}
        return await _look_into(sessions, [
            FoundDatabase(name, name, None, reason="" if readable[name] else "no session may be opened there")
            for name in chosen
        ], server, reached)  # fmt: skip


async def databases_of_urls(
    sources: Mapping[str, DatabaseUrl], reached: Reached | None = None
) -> tuple[FoundDatabase, ...]:
    """Return what each of these databases holds, by the names that a person gave them. Raises SourceError."""
    async with shared_or_own(reached.sessions if reached else None) as sessions:
        named = [FoundDatabase(name, url.dbname, url) for name, url in sources.items()]
        return await _look_into(sessions, named, None, reached)


def parse_sources(texts: Sequence[str], environ: Mapping[str, str]) -> dict[str, DatabaseUrl]:
    """Read ``NAME=URL`` of each. The variable of a source, where it is set, gives the URL of a bare ``NAME``.

    Raises ConfigurationError where one can't be read, or a name comes twice.
    """
    sources: dict[str, DatabaseUrl] = {}
    for text in texts:
        name, _, url = text.partition("=")
        name, own = name.strip(), variable(names.variable_part(name))
        if "://" in name or not name:
            raise ConfigurationError("--source has no name before the URL", hint="write it as NAME=postgresql://…")
        if problem := names.problem_with_name("source", name):
            raise ConfigurationError(f"--source: {problem}")
        if name in sources:
            raise ConfigurationError(f"--source names {name} twice", hint="give each source a name of its own")
        if not url and not environ.get(own):
            raise ConfigurationError(f"--source {name} has no URL", hint=f"write {name}=postgresql://…, or set {own}")
        sources[name] = DatabaseUrl.parse(url or environ[own], name=f"--source {name}")
    return sources


# --- private -----------------------------------------------------------------------------------------------------


def _fitting(known: Sequence[str], patterns: Sequence[str], server: DatabaseUrl) -> list[str]:
    chosen: dict[str, None] = {}
    for pattern in patterns:
        fitting = [name for name in known if name == pattern] or [n for n in known if fnmatchcase(n, pattern)]
        if not fitting:
            near = get_close_matches(pattern, known, 3, 0.5)
            raise ConfigurationError(
                f"no database at {server.masked} fits {pattern!r}",
                hint=f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}",
            )
        chosen.update(dict.fromkeys(fitting))
    return list(chosen)


async def _look_into(
    sessions: SessionPool, named: Sequence[FoundDatabase], server: DatabaseUrl | None, reached: Reached | None
) -> tuple[FoundDatabase, ...]:
    async def look(database: FoundDatabase) -> FoundDatabase:
        if database.reason:
            return database
        url = database.given or (server.with_database(database.database) if server else None)
        assert url is not None  # noqa: S101 - one of both is given
        endpoint = reached.reach(database.name, url) if reached else Endpoint(url, "source", database.name)
        return await _schemas_of(sessions, database, endpoint)

    return tuple(await limited([look(database) for database in named], AT_ONCE))


async def _schemas_of(sessions: SessionPool, database: FoundDatabase, endpoint: Endpoint) -> FoundDatabase:
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read its schemas"):
            rows = await run(connection, sql.SQL(queries.load("schemas")))
            if not database.database:  # the URL leaves it to a service file, or to the login's name
                ((name,),) = await run(connection, sql.SQL("SELECT pg_catalog.current_database()"))
                database = replace(database, database=name)
    asked = endpoint.url.schema
    if asked and asked not in {name for name, *_ in rows}:
        raise ConfigurationError(
            f"{endpoint.url.masked} has no schema {asked!r}, which its URL names",
            hint=f"there are {', '.join(name for name, *_ in rows)}",
        )
    if any(name == locks.SCHEMA for name, *_ in rows) and not asked:
        return replace(database, reason=f"it is a unified database: it has the schema {locks.SCHEMA}")
    schemas = tuple(
        FoundSchema(name, tables, others)
        for name, tables, others, extension in rows
        if (tables or others) and not extension and asked in (None, name)
    )
    return replace(database, schemas=schemas, reason="" if schemas else "it holds nothing but what extensions made")
