"""What a server tells of itself that decides whether a database can be followed, fenced and written back to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from psycopg.rows import class_row

from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, Endpoint
from payrollx_db.postgres.session_pool import SessionPool

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class ServerState:
    """What `queries/server.sql` answers. ``login`` is whom the session logged in as, ``acts_as`` the role it acts as.

    ``service_roles`` are the roles by which managed services are known, ``standbys`` what streams the whole log.
    """

    version: int
    login: str
    acts_as: str
    may_replicate: bool
    service_roles: list[str] | None
    may_create: bool
    owner: str
    standby: bool
    settings: Mapping[str, str]
    slots: int
    idle_slots: list[str]
    senders: int
    standbys: int
    named_publication: bool
    named_schema: bool
    named_slots: list[str]
    event_triggers: list[str]

    def number(self, name: str) -> int:
        """Return a numeric setting, 0 where the server doesn't know it."""
        return int(self.settings.get(name, 0))

    @property
    def major(self) -> int:
        """The server's major version."""
        return self.version // 10000


@dataclass(frozen=True)
class Member:
    """A table, or a partition of it (then ``root`` is another oid).

    ``logged`` are the columns of a deleted row that the log has, ``None`` for all of them; ``key`` is its primary key.
    """

    root: int
    oid: int
    schema: str
    name: str
    kind: str
    persistence: str
    owner: str
    owned: bool
    writable: bool
    filtered: bool
    identity: str
    logged: list[str] | None
    key: list[str]
    generated: list[str]
    uniques: list[str]
    named_trigger: list[str]
    subscriptions: list[str]

    @property
    def full_name(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Writer:
    """A transaction that has written, in any database of the server; ``prepared`` is its name where it is prepared."""

    pid: int | None
    dbname: str | None
    name: str
    seconds: float | None
    prepared: str | None

    def __str__(self) -> str:
        aged = "" if self.seconds is None else f" for {self.seconds / 60:,.0f} min"
        place = f" in {self.dbname}" if self.dbname else ""
        if self.prepared is not None:
            return f"prepared transaction {self.prepared}{place}{aged}"
        return f"session {self.pid} ({self.name or 'hidden'}){place}{aged}"


@dataclass(frozen=True)
class OnlineFacts:
    """All facts about one database that count online."""

    server: ServerState
    members: tuple[Member, ...]
    writers: tuple[Writer, ...]


async def fetch_online_facts(sessions: SessionPool, endpoint: Endpoint, tables: Collection[int]) -> OnlineFacts:
    """Gather the facts about ``endpoint`` and its ``tables`` (oids). Raises SourceError or TargetError."""
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read what following would need"):
            (server,) = await _all(connection, ServerState, "server", None)
            members = await _all(connection, Member, "tables", {"tables": list(tables)})
            writers = await _all(connection, Writer, "writers", None)
    return OnlineFacts(server, tuple(members), tuple(writers))


T = TypeVar("T")


async def _all(connection: Connection, kind: type[T], query: str, params: Mapping[str, Any] | None) -> list[T]:
    cursor = connection.cursor(row_factory=class_row(kind))
    await cursor.execute(queries.load(query), params)
    return await cursor.fetchall()
