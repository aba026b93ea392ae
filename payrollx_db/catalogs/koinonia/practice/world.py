"""How the registry's database and the churches' are made and filled."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import psycopg
from psycopg import sql

from payrollx_db.catalogs.koinonia.legacy import LAYOUT
from payrollx_db.catalogs.koinonia.legacy.tenant import OLDER, TEMPLATE
from payrollx_db.catalogs.koinonia.practice.churches import NOWHERE, Church, shares
from payrollx_db.catalogs.koinonia.practice.values import VALUES
from payrollx_db.catalogs.koinonia.unified import CATALOG
from payrollx_db.devserver import prisma_world
from payrollx_db.devserver.practice import (
    MARK,
    DatabaseMade,
    LegacySummary,
    Observer,
    TableSize,
    Trouble,
    refuse_others,
    sections,
)
from payrollx_db.devserver.prisma_rows import RowMaker
from payrollx_db.errors import DevServerError
from payrollx_db.model.instances import template_of, tenants_of, without_missing
from payrollx_db.model.layout import Layout
from payrollx_db.postgres import query_files
from payrollx_db.postgres.databases import Connection, connect, create_database, drop_database
from payrollx_db.postgres.errors import cause, to_error
from payrollx_db.postgres.url import DatabaseUrl

queries = query_files.beside(__name__, "sql")

REGISTRY = "koinonia_registry"
MARKED = f"{MARK}: koinonia"
SPREAD = 1_000_003  # how far the seeds of two churches are apart

# Rows for each member, where it isn't what the references say; a negative number: so many in all.
ROWS = {
    "tenant.branches": -1.0, "tenant.members": 1.0, "tenant.admins": -2.0, "tenant.subscriptions": -1.0,
    "tenant.planning_center_integrations": -1.0, "tenant.admin_mfa": -2.0, "tenant.mfa_recovery_codes": -8.0,
    "tenant.chat_conversations": 0.1, "tenant.chat_messages": 0.3, "tenant.account_deletion_requests": -1.0,
    "tenant.data_exports": -2.0, "tenant.nps_surveys": -3.0, "tenant.message_queue": 0.2, "tenant.conversations": 0.5,
    "tenant.conversation_messages": 1.0, "tenant.message_reactions": 0.2, "tenant.consent_logs": 1.0,
}  # fmt: skip


@dataclass(frozen=True)
class ChurchWorld:
    """What is to be made: how many churches, with how many members in all, on which server."""

    url: DatabaseUrl
    churches: int
    members: int
    seed: int
    hostile: bool
    prefix: str = ""

    def make(self, observer: Observer | None = None) -> LegacySummary:
        """Make all databases; those of an earlier call go. Raises DevServerError."""
        began = time.monotonic()
        there = [church for church in self.all if church.is_there]
        registry = self.prefix + REGISTRY
        refuse_others(self.url, [registry, *(church.url.dbname for church in there)])
        self._drop_earlier()
        made: list[DatabaseMade] = []
        try:
            for database in self._databases(registry, there):
                made.append(database)
                if observer:
                    observer(database)
        except psycopg.Error as error:
            raise to_error(error, "Koinonia's databases can't be made", self.url, DevServerError) from cause(error)
        troubles = tuple(sorted({trouble for database in made for trouble in database.troubles}))
        sizes = tuple(_summed(made[:1], registry)) + tuple(_summed(made[1:], f"{len(made) - 1} churches"))
        return LegacySummary(self.members, self.seed, self.hostile, sizes, troubles, (), time.monotonic() - began)

    # -- private -----------------------------------------------------------------------------------------

    @cached_property
    def all(self) -> tuple[Church, ...]:
        """The churches; hostile ones include one whose database is gone, one that isn't reached, one without a row."""
        sizes = shares(self.members, self.churches)
        more = 3 if self.hostile else 0
        with connect(self.url) as connection:
            self._prepare(connection, self.seed)
            query = "SELECT pg_temp.church(n) FROM pg_catalog.generate_series(0, %s - 1) AS n"
            ids = [name for (name,) in connection.execute(query, [self.churches + more]).fetchall()]
        found = []
        for number, name in enumerate(ids):
            # What was restored from another one's backup has its ids.
            source = 0 if self.hostile and number == 1 else number
            url = self.url.with_database(self.prefix + template_of(CATALOG).place_of(name))
            size = sizes[number] if number < self.churches else 1
            church = Church(number, name, size, self.seed + source * SPREAD, url)
            found.append(replace(church, is_there=church.status != "deleted"))
        if self.hostile:
            lost, unreached, stray = found[-3:]
            nowhere = replace(unreached.url, params={**unreached.url.params, "port": NOWHERE})
            found[-3:] = [
                replace(lost, is_there=False),
                replace(unreached, is_there=False, url=nowhere),
                replace(stray, registered=False),
            ]
        return tuple(found)

    def _databases(self, registry: str, there: list[Church]) -> Iterator[DatabaseMade]:
        yield self._registry(registry)
        for church in there:
            yield self._church(church)

    def _registry(self, name: str) -> DatabaseMade:
        began = time.monotonic()
        with self._opened(name) as connection:
            self._prepare(connection, self.seed)
            registered = [church for church in self.all if church.registered]
            connection.execute(
                "SELECT pg_catalog.set_config('payrollx_dev.churches', %s, false)", [str(len(registered))]
            )
            self._run(connection, "tables/registry")
            rows = RowMaker(CATALOG, LAYOUT, 1, VALUES, {"registry.churches": float(-len(registered))})
            for statement in rows.statements(["registry.churches"]):
                connection.execute(statement)
            self._run(connection, "registry/church")
            for church in registered:
                self._register(connection, church)
            connection.execute(_SEED, [str(self.seed)])
            self._run(connection, "registry/leftovers")
            troubles = tuple(self._plant(connection, name, "registry")) + self._lost() if self.hostile else ()
            connection.execute("ANALYZE")
            tables = tuple(_sizes(connection, name))
        return DatabaseMade(name, tables, troubles, time.monotonic() - began)

    def _register(self, connection: Connection, church: Church) -> None:
        host, port, database = church.url.place
        connection.execute(
            queries.load("registry/tenant"),
            {"number": church.number, "url": church.url.plain, "host": host, "port": int(port), "database": database,
             "plan": church.plan, "status": church.status},
        )  # fmt: skip
        connection.execute(_SEED, [str(church.seed)])
        connection.execute(queries.load("registry/routes"), {"number": church.number, "tenant": church.id})
        connection.execute(_SEED, [str(self.seed)])

    def _church(self, church: Church) -> DatabaseMade:
        began = time.monotonic()
        name = church.url.dbname
        with self._opened(name) as connection:
            self._prepare(connection, church.seed)
            self._run(connection, "tables/tenant")
            if church.older:
                self._run(connection, "tenant/older")
            rows = self._rows(church)
            for statement in rows.statements(list(rows.maps)):
                connection.execute(statement)
            facts = {"number": church.number, "plan": church.plan}
            for script in ("tenant/agree", "tenant/subscription"):
                connection.execute(queries.load(script), facts)
            troubles = tuple(self._plant(connection, church.id, f"tenant_{church.number}")) if self.hostile else ()
            connection.execute("ANALYZE")
            tables = tuple(_sizes(connection, name))
        return DatabaseMade(name, tables, troubles, time.monotonic() - began)

    def _rows(self, church: Church) -> RowMaker:
        layout = Layout("practice", (_OLDER if church.older else TEMPLATE,))
        return RowMaker(_EVERYTHING, layout, church.members, VALUES, ROWS)

    def _plant(self, connection: Connection, database: str, name: str) -> Iterator[Trouble]:
        """Plant what a file of hostile statements says; there is none for most churches."""
        if name not in _HOSTILE:
            return
        for code, place, statement in sections(queries.load(f"hostile/{name}")):
            touched = connection.execute(statement.encode()).rowcount
            if code == "drift":
                yield Trouble("tenant-drift", place, 1)
            elif code != "none":
                yield Trouble(code, f"{template_of(CATALOG).place_of(database)}.public.{place}", touched)

    def _lost(self) -> tuple[Trouble, ...]:
        lost, unreached, stray = self.all[-3:]
        return (
            Trouble("no-database", lost.url.dbname, 1), Trouble("unreachable", unreached.url.dbname, 1),
            Trouble("no-tenant", stray.url.dbname, 1),
        )  # fmt: skip

    def _drop_earlier(self) -> None:
        prefix = self.prefix + template_of(CATALOG).prefix
        with connect(self.url) as connection:
            earlier = connection.execute(queries.load("tenant/earlier"), {"prefix": prefix, "mark": MARKED}).fetchall()
        for (name,) in earlier:
            drop_database(self.url, name)

    def _opened(self, name: str) -> Connection:
        """Make a database anew and connect to it."""
        drop_database(self.url, name)
        connection = connect(create_database(self.url, name), prisma_world.SETTINGS)
        kind = "hostile" if self.hostile else "plain"
        mark = f"{MARKED}, {self.members} members, seed {self.seed}, {kind}; may be dropped"
        connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(mark)))
        return connection

    def _prepare(self, connection: Connection, seed: int) -> None:
        connection.execute(_SEED, [str(seed)])
        connection.execute(prisma_world.queries.load("prisma_functions"))
        connection.execute(queries.load("registry/functions"))

    def _run(self, connection: Connection, script: str) -> None:
        connection.execute(queries.load(script).encode())


_SEED = "SELECT pg_catalog.set_config('payrollx_dev.seed', %s, false)"
_HOSTILE = frozenset({"registry", "tenant_0", "tenant_1", "tenant_2"})

# The template's tables beside the registry's, for who makes rows of either.
_EVERYTHING = replace(
    CATALOG,
    services=(*CATALOG.services, template_of(CATALOG).service),
    references=(*CATALOG.references, *template_of(CATALOG).references),
    template=None,
)

# A church's database as it was before the newest tables and columns.
_OLDER = without_missing(
    TEMPLATE,
    tenants_of(CATALOG, LAYOUT),
    {
        known.source.name: known.source.columns.keys() - OLDER.get(known.source.name, ())
        for known in TEMPLATE.maps
        if OLDER.get(known.source.name, known.source.name)
    },
)


def _sizes(connection: Connection, database: str) -> Iterator[TableSize]:
    for name, size in connection.execute(queries.load("tenant/sizes")).fetchall():
        count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", name))
        ((rows,),) = connection.execute(count).fetchall()
        yield TableSize(database, name, rows, size, copy=False)


def _summed(databases: list[DatabaseMade], name: str) -> Iterator[TableSize]:
    """Yield the sizes of tables over some databases, which are many."""
    tables = [table for database in databases for table in database.tables]
    for table in dict.fromkeys(known.table for known in tables):
        alike = [known for known in tables if known.table == table]
        yield TableSize(name, table, sum(k.rows for k in alike), sum(k.bytes for k in alike), copy=False)
