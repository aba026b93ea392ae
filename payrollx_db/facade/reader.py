"""The reader: one role that may read every service's tables in the unified database, and write nothing."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import TimeoutError as PoolTimeout

from payrollx_db.facade import engines, variables
from payrollx_db.facade.facade import Session
from payrollx_db.facade.wall import Wall, catalog_at

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


class Reader:
    """Reads all services' tables in the unified database, and writes nothing."""

    def __init__(self, role: str, *, catalog: str) -> None:
        """``role`` may read everything; ``catalog`` is ``package.module:name``."""
        self._wall = Wall("the reader", role, "", catalog)

    @property
    def wall(self) -> Wall:
        """What the reader may see: all schemas of the unified database, but not those placed elsewhere."""
        here = variables.url_of(None)
        services = catalog_at(self._wall.catalog).services
        placed = ((service.schema, variables.url_of(service.name)) for service in services)
        elsewhere = tuple((schema, url.masked) for schema, url in placed if url.place != here.place)
        return replace(self._wall, elsewhere=elsewhere)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open one read-only transaction, with one snapshot, over all services of the unified database.

        Raises BoundaryError for a write, PlacementError for a table of a service that is placed
        elsewhere, and TargetError where the database can't be used.
        """
        engines.refuse_other_services(self._wall)
        place = engines.place(variables.url_of(None))
        try:
            with Session(place.view(self.wall, "REPEATABLE READ", read_only=True)) as session, session.begin():
                yield session
        except PoolTimeout:
            raise place.used_up() from None

    @asynccontextmanager
    async def async_session(self) -> "AsyncIterator[AsyncSession]":
        """Do as `session`, for async code."""
        from sqlalchemy.ext.asyncio import AsyncSession

        engines.refuse_other_services(self._wall)
        place = engines.async_place(variables.url_of(None))
        view = engines.async_engine(place.view(self.wall, "REPEATABLE READ", read_only=True))
        try:
            async with AsyncSession(view, sync_session_class=Session) as session, session.begin():
                yield session
        except PoolTimeout:
            raise place.used_up() from None
