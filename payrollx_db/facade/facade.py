"""What stands behind ``auth.db``: sessions that are one service's, and that service's tables.

``with auth.db.session() as session:`` is one transaction on a plain SQLAlchemy session: it commits at the end and rolls
back on an exception. It runs under the service's role, and a statement that names another service's table is refused
before it is sent. Objects stay usable after the block (``expire_on_commit`` is off).
"""

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, MetaData, Table, orm, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from payrollx_db.errors import BoundaryError, TargetError
from payrollx_db.facade import engines, variables, wall
from payrollx_db.facade.transaction_settings import Isolation
from payrollx_db.model.catalog import Service
from payrollx_db.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

UNUSABLE = text(
    "SELECT name, oid IS NULL AS missing FROM unnest(CAST(:names AS text[])) AS name"
    " CROSS JOIN to_regclass(format('%I.%I', CAST(:schema AS text), name)) AS oid"
    " WHERE oid IS NULL OR NOT has_table_privilege(oid, 'SELECT') LIMIT 1"
)


class Session(orm.Session):
    """A SQLAlchemy session behind a service's wall. It is made by a facade, not by hand."""

    def __init__(self, bind: Any = None, binds: Any = None) -> None:
        """``bind`` is a place's engine as a service has it."""
        # Closed is closed: what is written after the block would go into a second transaction, which nobody ends.
        super().__init__(bind, binds=binds, expire_on_commit=False, close_resets_only=False)

    def connection(self, *arguments: Any, **options: Any) -> Connection:
        """Return the transaction's connection, already under the service's role, as with any session."""
        connection = super().connection(*arguments, **options)
        connection.dialect.open(connection)  # type: ignore[attr-defined] # a guarded one
        return connection


class Facade:
    """One service's way to its own tables. Nothing connects before the first session.

    Its tables are attributes; a class of the service's own that declares them (``class Shop(Facade): orders: Table``)
    lets type checkers know them too.
    """

    def __init__(self, service: Service, *, metadata: MetaData, catalog: str) -> None:
        """``metadata`` has the service's tables; ``catalog`` is ``package.module:name``, imported only for errors."""
        self.service = service
        self._wall = wall.Wall(service.name, service.role, service.schema, catalog, reads=frozenset(service.reads))
        self._metadata = metadata

    @property
    def wall(self) -> wall.Wall:
        """What the service may touch; of what it reads of others, what is placed in another database is marked so."""
        elsewhere = engines.apart(self._wall)
        return replace(self._wall, elsewhere=elsewhere) if elsewhere else self._wall

    @property
    def db(self) -> Self:
        """The facade itself, so that it can be given where a service's module can."""
        return self

    @property
    def tables(self) -> Mapping[str, Table]:
        """The service's tables, by name."""
        tables = (table for table in self._metadata.tables.values() if table.schema == self.service.schema)
        return MappingProxyType({table.name: table for table in tables})

    @property
    def url(self) -> DatabaseUrl:
        """Where the service lives. Raises ConfigurationError where nothing says so."""
        return variables.url_of(self.service.name)

    @contextmanager
    def session(self, *, isolation: Isolation | None = None, read_only: bool = False) -> Iterator[Session]:
        """Open one transaction: it commits at the end of the block, and rolls back on an exception.

        Raises BoundaryError for what another service owns, and TargetError (ConnectionLostError,
        PoolUsedUpError) where the database can't be used; everything else is SQLAlchemy's.
        """
        engines.refuse_other_services(self._wall)
        place = engines.place(self.url)
        try:
            with Session(place.view(self.wall, isolation, read_only=read_only)) as session, session.begin():
                yield session
        except PoolTimeout:
            raise place.used_up() from None

    @asynccontextmanager
    async def async_session(
        self, *, isolation: Isolation | None = None, read_only: bool = False
    ) -> "AsyncIterator[AsyncSession]":
        """Do as `session`, for async code, on a pool of the running event loop."""
        from sqlalchemy.ext.asyncio import AsyncSession

        engines.refuse_other_services(self._wall)
        place = engines.async_place(self.url)
        view = engines.async_engine(place.view(self.wall, isolation, read_only=read_only))
        try:
            async with AsyncSession(view, sync_session_class=Session) as session, session.begin():
                yield session
        except PoolTimeout:
            raise place.used_up() from None

    def ping(self) -> float:
        """Check that the service can use its tables, and return the seconds that it took.

        Raises TargetError where the database can't be reached, the role can't be taken, or a table is missing or
        can't be read.
        """
        began = time.monotonic()
        with self.session(read_only=True) as session:
            self._refuse_unusable(session.execute(UNUSABLE, self._names()).first())
        return time.monotonic() - began

    async def async_ping(self) -> float:
        """Do as `ping`, for async code."""
        began = time.monotonic()
        async with self.async_session(read_only=True) as session:
            self._refuse_unusable((await session.execute(UNUSABLE, self._names())).first())
        return time.monotonic() - began

    def dispose(self) -> None:
        """Close the pool of the service's database in this process, which other services there share."""
        engines.place(self.url).engine.dispose()

    async def async_dispose(self) -> None:
        """Close the running event loop's pool of the service's database; best before the loop ends."""
        await engines.async_engine(engines.async_place(self.url).engine).dispose()

    if not TYPE_CHECKING:  # a class of a service's own says which tables a type checker may know

        def __getattr__(self, name: str) -> Table:
            """Return the table called ``name``. Raises BoundaryError where another service, or none, owns it."""
            if name.startswith("_"):
                raise AttributeError(name)
            tables = self.tables
            if name in tables:
                return tables[name]
            raise self._not_mine(name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.tables]

    def __repr__(self) -> str:
        return f"<Facade of {self.service.name}: {', '.join(self.tables)}>"

    def _not_mine(self, name: str) -> BoundaryError:
        owner = next((service for service in self._wall.catalog_services() if name in service.tables), None)
        if owner is not None:
            report = wall.entry_of(self._wall.catalog, "reader")
            return NotMineError(
                f"{name} belongs to the {owner.name} service, not to {self.service.name}",
                hint=f"ask the {owner.name} service for it; for a report use {report}.session()",
            )
        return NotMineError(
            f"{self.service.name} has no table {name}, and no other service has",
            hint=f"it has {', '.join(self.tables)}",
        )

    def _names(self) -> dict[str, Any]:
        return {"schema": self.service.schema, "names": list(self.tables)}

    def _refuse_unusable(self, row: Any) -> None:
        if row is None:
            return
        table = f"{self.service.schema}.{row.name}"
        if row.missing:
            raise TargetError(f"{self.url} has no {table}", hint=f"run {self._wall.command('migrate')}")
        raise TargetError(
            f"the role {self.service.role} may not read {table} on {self.url}",
            hint=self._wall.how_to_grant(),
        )


class NotMineError(BoundaryError, AttributeError):
    """The facade has no such table. An AttributeError too, so that ``hasattr`` and completion keep working."""
