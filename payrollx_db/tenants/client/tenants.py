"""The tenants of a catalog in a service's process: ``tenants.route(email=…)`` and ``tenants.session(id)``.

All tenants of one database share its pool; each transaction says whose it is as it begins, and nothing of that outlives
it. Where a tenant has a schema of its own, the transaction takes the tenant's role. Where all share their tables, it
takes the services' role, and row level security shows the rows of the tenant that the transaction can prove to be.
"""

import hashlib
import hmac
import os
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from psycopg import sql
from sqlalchemy import Engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from payrollx_db.errors import BoundaryError, ConfigurationError
from payrollx_db.facade import engines, variables
from payrollx_db.facade.engines import Place
from payrollx_db.facade.facade import Session
from payrollx_db.facade.transaction_settings import Isolation, TransactionSettings
from payrollx_db.facade.wall import ActiveService, ServiceScope, Wall, catalog_at
from payrollx_db.model.instances import template_of
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.tenants.client.databases import Databases, OpenDatabase
from payrollx_db.tenants.client.listening import Listener
from payrollx_db.tenants.client.memory import Memory
from payrollx_db.tenants.client.places import Lookup, TenantPlace, lookup, place_of, question
from payrollx_db.tenants.client.settings import TenantSettings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

MOST_VIEWS = 2000  # a view is how one tenant's transactions run on one pool
CLOSING = 5.0  # seconds that disconnecting may take, and as many for sessions that are at work

TRY = text("SELECT 1")


class Tenants:
    """The tenants of one catalog. Nothing connects before the first use."""

    def __init__(self, catalog: str, *, settings: TenantSettings | None = None) -> None:
        """``catalog`` is ``package.module:name``; ``settings`` are else the environment's, at the first use.

        Raises CatalogError where the catalog has no template.
        """
        self.name = catalog
        self.catalog = catalog_at(catalog)
        self.template = template_of(self.catalog)
        self._settings = settings
        self._owner = self.catalog.owner(self.template.registry.table)
        self._registry = Wall(self._owner.name, self._owner.role, self._owner.schema, catalog)
        self._begin_anew()

    # -- where a tenant is --

    def route(self, **wanted: str) -> TenantPlace:
        """Return where a tenant is: ``route(id=…)``, or by one of the template's routes, ``route(email=…)``.

        Raises UnknownTenantError, SuspendedTenantError for any status that lets no service in, ConfigurationError for
        a way that there isn't, and TargetError where the registry can't be read.
        """
        sought = lookup(self.template, wanted)
        return self._checked(self._remembered(sought) or self._read(sought))

    async def async_route(self, **wanted: str) -> TenantPlace:
        """Do as `route`, for async code."""
        sought = lookup(self.template, wanted)
        return self._checked(self._remembered(sought) or await self._async_read(sought))

    # -- sessions of one tenant --

    @contextmanager
    def session(self, tenant: str, *, isolation: Isolation | None = None, read_only: bool = False) -> Iterator[Session]:
        """Open one transaction of the tenant with this id; it commits at the end, and rolls back on an exception.

        Raises as `route`; BoundaryError for what isn't the tenant's, PlanLimitError for more rows than its plan allows,
        and TargetError (ConnectionLostError, PoolUsedUpError) where its database can't be used.
        """
        place = self.route(id=tenant)
        home, database = self._enter(place)
        try:
            view = self._view(home, place, isolation, read_only=read_only)
            if database is not None and not database.tried:
                self._try(view, database)
            with Session(view) as session, session.begin():
                yield session
        except PoolTimeout:
            raise home.used_up() from None
        finally:
            self._leave(database)

    @asynccontextmanager
    async def async_session(
        self, tenant: str, *, isolation: Isolation | None = None, read_only: bool = False
    ) -> "AsyncIterator[AsyncSession]":
        """Do as `session`, for async code, on a pool of the running event loop."""
        from sqlalchemy.ext.asyncio import AsyncSession

        place = await self.async_route(id=tenant)
        home, database = self._enter(place, in_loop=True)
        try:
            view = engines.async_engine(self._view(home, place, isolation, read_only=read_only))
            if database is not None and not database.tried:
                await self._async_try(view, database)
            async with AsyncSession(view, sync_session_class=Session) as session, session.begin():
                yield session
        except PoolTimeout:
            raise home.used_up() from None
        finally:
            self._leave(database)

    # -- the end --

    def close(self, timeout: float = 2 * CLOSING) -> None:
        """Let no session begin any more, wait for those at work for half the time, and close every pool.

        Takes no longer than ``timeout`` seconds, whatever servers do. The pool of the unified database, which other
        facades of the process share, is closed too, and made anew for them.
        """
        with self._idle:
            self._closed = True
            self._idle.wait_for(lambda: self._sessions == 0, timeout / 2)
        if self._listener is not None:
            self._listener.close(1.0)
        shared = threading.Thread(target=self._close_shared, daemon=True)
        shared.start()
        self._databases.close_all(timeout / 2 - 1.0)
        shared.join(0.5)

    async def async_close(self) -> None:
        """Do as `close` for the pools of the running event loop, best before it ends, and then for the rest."""
        import asyncio

        await self._databases.close_all_async()
        place = engines.async_place(variables.url_of(self._owner.name))
        await engines.async_engine(place.engine).dispose()
        await asyncio.to_thread(self.close)

    # -- private -----------------------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        self._process = os.getpid()
        self._started = threading.Lock()
        self._idle = threading.Condition()
        self._sessions = 0
        self._closed = False
        self._listener: Listener | None = None
        self._memory: Memory | None = None
        self._views: OrderedDict[Any, tuple[Place, Engine]] = OrderedDict()
        self._databases = Databases(0, 0)

    def _ready(self) -> Memory:
        """Return what is remembered; begin to listen, at the first use in a process."""
        if self._process != os.getpid():
            self._begin_anew()  # the parent's connections and its thread are the parent's
        if self._memory is not None:
            return self._memory
        with self._started:
            if self._memory is None:
                settings = self._settings or TenantSettings.read(os.environ)
                self._settings, memory = settings, Memory(settings.staleness)
                self._databases = Databases(settings.databases, settings.idle)
                here = variables.url_of(self._owner.name)
                listen = settings.listen_url
                url = DatabaseUrl.parse(listen, name="PAYROLLX_TENANT_LISTEN_URL") if listen else here
                self._listener = Listener(url, memory, settings.staleness, self._databases.close_idle)
                self._listener.start()
                self._memory = memory
        return self._memory

    def _remembered(self, sought: Lookup) -> TenantPlace | None:
        if self._closed and self._process == os.getpid():
            raise ConfigurationError("the tenants were closed", hint="make a Tenants of its own for what comes later")
        self._refuse_other_services()
        return self._ready().find(sought)

    def _refuse_other_services(self) -> None:
        only = os.environ.get(engines.ONLY)
        if only and only not in (self.template.service.name, self._owner.name):
            raise BoundaryError(
                f"this process is the {only} service, and may not open {self.template.service.name}",
                hint=f"do that in another process; {engines.ONLY} says whose process this is",
            )

    def _read(self, sought: Lookup) -> TenantPlace:
        memory = self._ready()
        reading = memory.begin()
        here = variables.url_of(self._owner.name)
        home = engines.place(here)
        try:
            with home.view(self._registry, read_only=True).connect() as connection:
                row = connection.execute(question(self.catalog, sought)).first()
        except PoolTimeout:
            raise home.used_up() from None
        return self._keep(memory, sought, row, here, reading)

    async def _async_read(self, sought: Lookup) -> TenantPlace:
        memory = self._ready()
        reading = memory.begin()
        here = variables.url_of(self._owner.name)
        home = engines.async_place(here)
        try:
            async with engines.async_engine(home.view(self._registry, read_only=True)).connect() as connection:
                row = (await connection.execute(question(self.catalog, sought))).first()
        except PoolTimeout:
            raise home.used_up() from None
        return self._keep(memory, sought, row, here, reading)

    def _keep(self, memory: Memory, sought: Lookup, row: Any, here: DatabaseUrl, reading: Any) -> TenantPlace:
        if row is None:
            raise sought.unknown()
        place = place_of(self.template, row, here)
        memory.keep(sought, place, reading)
        return place

    def _checked(self, place: TenantPlace) -> TenantPlace:
        if place.status not in self.template.registry.active and place.url is not None:
            self._databases.close(place.url)
        return place.refuse_inactive(self.template)

    def _enter(self, place: TenantPlace, *, in_loop: bool = False) -> tuple[Place, OpenDatabase | None]:
        with self._idle:
            self._sessions += 1
        try:
            if place.url is not None:
                database = self._databases.enter(place.url, in_loop=in_loop)
                return database.place, database
            here = variables.url_of(self._owner.name)
            return (engines.async_place(here) if in_loop else engines.place(here)), None
        except BaseException:
            self._leave(None)
            raise

    def _leave(self, database: OpenDatabase | None) -> None:
        if database is not None:
            self._databases.leave(database)
        with self._idle:
            self._sessions -= 1
            self._idle.notify_all()

    def _try(self, view: Engine, database: OpenDatabase) -> None:
        """Try a tenant's own database once; what can't be used isn't kept."""
        try:
            with view.connect() as connection:
                connection.execute(TRY)
        except BaseException:
            self._databases.drop(database)
            raise
        database.tried = True

    async def _async_try(self, view: Any, database: OpenDatabase) -> None:
        try:
            async with view.connect() as connection:
                await connection.execute(TRY)
        except BaseException:
            self._databases.drop(database)
            raise
        database.tried = True

    def _view(self, home: Place, place: TenantPlace, isolation: Isolation | None, *, read_only: bool) -> Engine:
        """Return the engine for transactions of a tenant that run so; all such on one database share one pool."""
        key = (id(home), place.id, place.schema, isolation, read_only)
        known = self._views.get(key)
        if known is not None and known[0] is home:
            return known[1]
        scope = self._scope(home, place, isolation, read_only=read_only)
        view = home.shared_view(ActiveService(scope))
        if scope.translation is not None:
            view = view.execution_options(schema_translate_map=scope.translation)
        self._views[key] = home, view
        while len(self._views) > MOST_VIEWS:
            try:
                self._views.popitem(last=False)
            except KeyError:  # another thread was there first
                break
        return view

    def _scope(self, home: Place, place: TenantPlace, isolation: Isolation | None, *, read_only: bool) -> ServiceScope:
        template = self.template
        role = template.service.role if place.shared else place.schema
        reads = frozenset(template.service.reads)
        wall = Wall(f"the tenant {place.id}", role, place.schema, self.name, reads=reads, sealed=True)
        local, computed = home.settings.local, ()
        if place.shared:
            local, computed = self._proof(place.id, local)
        settings = TransactionSettings(role, place.schema, isolation, read_only, local, computed)
        translation = None if place.shared else {template.service.schema: place.schema}
        return ServiceScope(wall, settings, home.url, translation)

    def _proof(self, tenant: str, local: tuple[tuple[str, str], ...]) -> tuple[tuple[tuple[str, str], ...], Any]:
        """Return the settings that say and prove whose a transaction is; without our key, the server proves it."""
        says = (*local, (self.template.setting, tenant))
        key = self._settings.key if self._settings else ""
        if key:
            proof = hmac.new(key.encode(), tenant.encode(), hashlib.sha256).hexdigest()
            return (*says, (self.template.proof_setting, proof)), ()
        signing = sql.SQL("payrollx_tenants.sign({})").format(sql.Literal(tenant)).as_string(None)
        return says, ((self.template.proof_setting, signing),)

    def _close_shared(self) -> None:
        if self._memory is not None:
            engines.place(variables.url_of(self._owner.name)).engine.dispose()
