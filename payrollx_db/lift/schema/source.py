"""What a source has: its schema as pg_dump writes it, and what a dump of schemas doesn't say.

Both are read under one snapshot, so that they are of one moment.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from payrollx_db.backup import needs
from payrollx_db.backup.clients import MAJOR, Clients
from payrollx_db.backup.manifest import Need
from payrollx_db.errors import ConfigurationError, SourceError
from payrollx_db.lift.schema import contents
from payrollx_db.lift.schema.contents import Contents
from payrollx_db.lift.schema.model import Move
from payrollx_db.postgres import query_files
from payrollx_db.postgres.connect import connect, pooler_error
from payrollx_db.postgres.introspect import Database, read_catalog
from payrollx_db.postgres.pooled import SyncConnection
from payrollx_db.postgres.resolve import resolved
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.settings import SOURCE
from payrollx_db.postgres.steps import perform

queries = query_files.beside(__name__)

FindClients = Callable[[int], Clients]
STANDARD_COMMENT = "standard public schema"
SERVER = "server"
ANYTHING_ELSE = """
SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace AS n WHERE n.nspname <> ALL (%s::text[]) AND n.nspname !~ '^pg_'
               AND n.nspname <> 'information_schema')
    OR EXISTS (SELECT FROM pg_catalog.pg_extension AS e WHERE e.extname <> 'plpgsql')
    OR EXISTS (SELECT FROM pg_catalog.pg_foreign_server)
"""
SHOWN = 10  # names in an error


@dataclass(frozen=True)
class Extension:
    """An extension: its name, the schema that it lies in, its version, and whether it can be moved to another."""

    name: str
    schema: str
    version: str
    relocatable: bool


@dataclass(frozen=True)
class Source:
    """The schemas of one database, read at one moment.

    ``needs`` is what they use of other schemas, ``policy_roles`` names a policy for each role, ``comments`` and
    ``casts`` are what no dump of a schema has. ``search_path`` is the database's own setting, if it has one.
    """

    database: str
    version: int
    contents: Contents
    extensions: tuple[Extension, ...]
    needs: tuple[Need, ...]
    policy_roles: tuple[tuple[str, str], ...]
    tablespaces: tuple[str, ...]
    casts: tuple[str, ...]
    comments: tuple[tuple[str, str], ...]
    column_options: tuple[tuple[str, str], ...]
    foreign_tables: tuple[tuple[str, str, str, str], ...]
    search_path: str
    clients: Clients

    @property
    def fingerprint(self) -> str:
        """What is equal as long as nothing about the schemas changes, by the same version of pg_dump."""
        return hashlib.sha256(repr((self.contents.whole, self.casts, self.comments)).encode()).hexdigest()


@contextmanager
def read(
    endpoint: Endpoint, moves: Sequence[Move], find: FindClients, *, target_version: int,
    given_up: Event | None = None, accept: Callable[[Database], None] | None = None,
) -> Iterator[Source]:  # fmt: skip
    """Read ``moves``' schemas of a database, and keep the dump until the end of the block.

    ``find`` gives pg_dump and pg_restore for a server's version number; pg_dump is ended when it is ``given_up``.
    ``accept`` is asked about the catalog of that same moment, and raises where it isn't as it should be. Raises
    SourceError, FindingsError where a schema can't be read alone, ConfigurationError where no pg_dump fits.
    """
    with endpoint.translating_errors("can't connect"):
        connection = connect(endpoint.url, SOURCE, name=endpoint.application_name, autocommit=False)
    try:
        if connection.pooler:
            raise pooler_error(endpoint.url, "pg_dump needs a session of its own, and one snapshot for both")
        with tempfile.TemporaryDirectory(prefix="payrollx-db-lift-") as folder, \
             endpoint.translating_errors("can't read its schemas"):  # fmt: skip
            if accept is not None:
                accept(perform(connection, read_catalog(moves[0].source, sizes=False)))
            yield _read(connection, endpoint, moves, find, target_version, Path(folder), given_up)
    finally:
        connection.close()


# -- private -------------------------------------------------------------------------------------------


def _read(
    connection: SyncConnection, endpoint: Endpoint, moves: Sequence[Move], find: FindClients, target_version: int,
    folder: Path, given_up: Event | None,
) -> Source:  # fmt: skip
    names = [move.source_schema for move in moves]

    def ask(name: str, **more: Any) -> list[tuple[Any, ...]]:
        return connection.execute(queries.load(name), {"schemas": names, **more}).fetchall()

    found = ask("source_schemas")
    _require_schemas(endpoint, names, [name for name, *_ in found])
    _require_rights(endpoint, [name for (name,) in ask("unreadable")])
    clients = find_clients(find, connection.info.server_version, target_version)
    ((snapshot,),) = connection.execute("SELECT pg_catalog.pg_export_snapshot()").fetchall()
    dump = folder / "schema.dump"
    clients.dump(
        resolved(endpoint.url, connection), _arguments(names, snapshot), dump, kind=SourceError, given_up=given_up
    )
    found_contents = contents.read(dump, clients)
    found_contents.whole  # noqa: B018 - asked for in any case, and here the time is nobody's
    return Source(
        database=endpoint.url.dbname,
        version=connection.info.server_version,
        contents=found_contents,
        extensions=tuple(Extension(*row) for row in connection.execute(queries.load("extensions")).fetchall()),
        needs=_needs(connection, moves),
        policy_roles=tuple(ask("policy_roles")),
        tablespaces=tuple(name for (name,) in ask("tablespaces")),
        casts=tuple(text for (text,) in ask("casts")),
        comments=tuple((name, comment) for name, comment, _ in found if comment not in (None, STANDARD_COMMENT)),
        column_options=tuple(ask("column_options")),
        foreign_tables=tuple(ask("foreign_servers")),
        search_path=found[0][2] or "",
        clients=clients,
    )


def find_clients(find: FindClients, source_version: int, target_version: int) -> Clients:
    """Return the programs of the newer of both versions, or else those that can read the source.

    Raises ConfigurationError, saying which there are, where none can.
    """
    try:
        return find(max(source_version, target_version // MAJOR * MAJOR))
    except ConfigurationError:
        return find(source_version)


def _arguments(names: Sequence[str], snapshot: str) -> list[str]:
    quoted = (name.replace('"', '""') for name in names)
    return [
        "--format=custom", "--encoding=UTF8", "--schema-only", "--no-owner", "--no-privileges", "--no-publications",
        "--no-subscriptions", "--no-security-labels", "--strict-names", f"--snapshot={snapshot}",
        *(f'--schema="{name}"' for name in quoted),
    ]  # fmt: skip


def _needs(connection: SyncConnection, moves: Sequence[Move]) -> tuple[Need, ...]:
    """Return what the schemas use of others, and not of each other: those that stay behind use nothing."""
    names = [move.source_schema for move in moves]
    if connection.execute(ANYTHING_ELSE, [names]).fetchall() == [(False,)]:
        return ()  # to plan what is asked below takes longer than most of the rest
    left = {(move.source_schema, name) for move in moves for name in move.left_behind}

    def ask(query: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
        return connection.execute(query.encode(), params).fetchall()

    own = {*names, *('"{}"'.format(name.replace('"', '""')) for name in names)}  # as the server quotes them
    found = [need for name in names for need in needs.find(ask, name) if need.kind != SERVER]
    kept = [need for need in found if need.kind == needs.EXTENSION or need.schema not in own]
    for used_by, key, table, *place in ask(queries.load("outer_keys"), {"schemas": names}):
        if tuple(place) not in left:
            kept.append(Need("table", "", table, (), (), "", f"the foreign key {key} of {used_by}"))
    return tuple(kept)


def _require_schemas(endpoint: Endpoint, names: Sequence[str], there: Sequence[str]) -> None:
    if missing := [name for name in names if name not in there]:
        raise ConfigurationError(
            f"{endpoint.url.masked} has no schema {', '.join(missing)}",
            hint="correct source_schema in lift.toml: the schema that its tables are in",
        )


def _require_rights(endpoint: Endpoint, tables: Sequence[str]) -> None:
    if tables:
        more = f" and {len(tables) - SHOWN} more" if len(tables) > SHOWN else ""
        raise SourceError(
            f"{endpoint.url.masked} doesn't let this role read {', '.join(tables[:SHOWN])}{more}",
            hint="use a role that may read every table there: pg_dump locks them while it reads their definitions",
        )
