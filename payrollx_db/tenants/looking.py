"""Looking into tenants' databases: a group at a time, in the sessions in which the group's work goes on.

Two tenants must not have one database: nothing would tell their rows apart. That is seen before anything is done, by
where their URLs lead, and once more as each is looked into.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from psycopg import sql

from payrollx_db.consolidate.planner import Task
from payrollx_db.errors import PayrollxError, SourceError
from payrollx_db.model.instances import missing_of, tenants_of
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Database, KnownCatalogs, database_query, inspect
from payrollx_db.postgres.session import Endpoint, run, session
from payrollx_db.postgres.session_pool import SessionPool
from payrollx_db.tenants.legacy_tenant import LegacyTenant

ATTEMPTS = 3  # at the databases of a server, to learn which server it is


@dataclass
class Looking:
    """Looks into the databases of one command's tenants.

    With ``drift``, ``facts`` has what tenants keep that the registry keeps too: by tenant and overlap, of those that
    were reached.
    """

    task: Task
    drift: bool = False
    facts: dict[str, Mapping[str, str | None]] = field(default_factory=dict)
    _seen: dict[tuple[str, str], str] = field(default_factory=dict)

    async def into(
        self, group: Sequence[LegacyTenant], sessions: SessionPool, catalogs: KnownCatalogs
    ) -> list[LegacyTenant]:
        """Return the tenants with the tables of each, or with its trouble; in sessions that are kept for what comes."""
        looks = (self._look(one, sessions, catalogs) for one in group)
        looked = await limited(looks, max(self.task.jobs, 2))
        shared = _shared({one.tenant.id: identity for one, identity in looked if identity}, self._seen)
        return [replace(one, trouble=shared[one.tenant.id]) if one.tenant.id in shared else one for one, _ in looked]

    async def _look(
        self, one: LegacyTenant, sessions: SessionPool, catalogs: KnownCatalogs
    ) -> tuple[LegacyTenant, tuple[str, str] | None]:
        if one.endpoint is None:
            return one, None
        known, endpoint = tenants_of(self.task.catalog, self.task.layout), one.endpoint.placed()
        try:
            database = await inspect(sessions, endpoint, catalogs)
            tables = _columns(database, endpoint.url.schema or known.database.schema)
            if self.drift and tables:
                self.facts[one.tenant.id] = await self._facts(endpoint, sessions)
        except PayrollxError as error:
            return replace(one, trouble=error), None
        if not tables:
            return replace(one, trouble=SourceError(
                f"the database of the tenant {one.tenant.id} has no tables: {endpoint.url.masked}",
                hint="correct the registry's row, or leave this tenant out with --tenant for the others",
            )), None  # fmt: skip
        looked = replace(one, endpoint=endpoint, tables=tables, missing=missing_of(known, tables))
        return looked, database.identity

    async def _facts(self, endpoint: Endpoint, sessions: SessionPool) -> dict[str, str | None]:
        facts: dict[str, str | None] = {}
        async with sessions.session(endpoint) as connection:
            for overlap in tenants_of(self.task.catalog, self.task.layout).overlaps:
                if overlap.within_registry:
                    continue
                with endpoint.translating_errors(f"can't read what is to be compared: {overlap.name}"):
                    rows = await run(connection, sql.SQL(overlap.tenant))
                facts[overlap.name] = str(rows[0][0]) if rows and rows[0][0] is not None else None
        return facts


async def in_one_database(places: Mapping[str, Endpoint], at_once: int) -> dict[str, PayrollxError]:
    """Return the trouble of those tenants, by their ids, whose database is another one's too.

    Each server is asked once who it is. Where a pooler stands before it, or a URL has several hosts, the name of a
    database doesn't say which it is, and each is asked.
    """
    by_server: dict[Hashable, list[str]] = {}
    for tenant, endpoint in places.items():
        by_server.setdefault(_server(endpoint), []).append(tenant)
    asked = (_identities({tenant: places[tenant] for tenant in ids}, at_once) for ids in by_server.values())
    identities: dict[str, tuple[str, str]] = {}
    for known in await limited(asked, at_once):
        identities |= known
    return _shared(identities, {})


# -- private ------------------------------------------------------------------------------------------


def _columns(database: Database, schema: str) -> dict[str, Sequence[str]]:
    tables = (table for table in database.tables.values() if table.schema == schema)
    return {table.name: [column.name for column in table.columns] for table in tables}


def _server(endpoint: Endpoint) -> Hashable:
    return tuple(endpoint.url.params.get(name) for name in ("host", "hostaddr", "port"))


async def _identities(places: Mapping[str, Endpoint], at_once: int) -> dict[str, tuple[str, str]]:
    """Return which databases those of one server are, as far as it answers."""
    several = any("," in str(endpoint.url.params.get("host", "")) for endpoint in places.values())
    system = str(_server(next(iter(places.values()))))
    for endpoint in [] if several else list(places.values())[:ATTEMPTS]:
        identity, pooler = await _identity(endpoint)
        if identity:
            several, system = bool(pooler), identity[0]
            break
    if not several:
        return {tenant: (system, endpoint.url.dbname) for tenant, endpoint in places.items()}
    answers = await limited((_identity(endpoint) for endpoint in places.values()), at_once)
    return {tenant: identity for tenant, (identity, _) in zip(places, answers, strict=True) if identity}


async def _identity(endpoint: Endpoint) -> tuple[tuple[str, str] | None, str]:
    """Return the system identifier and the name of a database, and where a pooler stands; nothing if it can't be had.

    What is the matter then, whoever looks into it is told.
    """
    try:
        async with session(endpoint) as connection:
            with endpoint.translating_errors("can't tell which database it is"):
                ((system, dbname, *_),) = await run(connection, sql.SQL(database_query()))
            return (system, dbname), connection.pooler
    except PayrollxError:
        return None, ""


def _shared(identities: Mapping[str, tuple[str, str]], seen: dict[tuple[str, str], str]) -> dict[str, PayrollxError]:
    """Return the trouble of those whose database is another's, among them or ``seen`` before; note all in ``seen``."""
    places: dict[tuple[str, str], list[str]] = {}
    for tenant, identity in identities.items():
        places.setdefault(identity, []).append(tenant)
    troubles: dict[str, PayrollxError] = {}
    for identity, ids in places.items():
        everybody = sorted({seen.setdefault(identity, ids[0]), *ids})
        if len(everybody) > 1:
            for tenant in ids:
                troubles[tenant] = SourceError(
                    f"the tenants {', '.join(everybody)} have one database, so nothing tells their rows apart",
                    hint="correct the registry's rows",
                )
    return troubles
