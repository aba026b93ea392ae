"""What one database newly allows, in the open: reading across services, and one transaction over several.

Both name what they do where they do it. The reader may read everything and write nothing; in a transaction over
several services each has a session of its own, confined to its own tables under its own role, and all of them
commit together or not at all.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from payrollx_db import boundary, placement
from payrollx_db.errors import BoundaryError, PlacementError
from payrollx_db.facade import CATALOG, Facade, Session, told
from payrollx_db.urls import DatabaseUrl

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


class Reader:
    """Reads all services' tables in the unified database, and writes nothing."""

    def __init__(self, role: str, *, catalog: str = CATALOG) -> None:
        """``role`` may read everything; ``catalog`` is ``package.module:name``."""
        self._wall = boundary.Wall("the reader", role, "", catalog)

    @property
    def wall(self) -> boundary.Wall:
        """What the reader may see: all schemas of the unified database, but not those placed elsewhere."""
        here = placement.url_of(None)
        services = boundary.catalog_at(self._wall.catalog).services
        placed = ((service.schema, placement.url_of(service.name)) for service in services)
        elsewhere = tuple((schema, url.masked) for schema, url in placed if url.identity != here.identity)
        return replace(self._wall, elsewhere=elsewhere)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open one read-only transaction, with one snapshot, over all services of the unified database.

        Raises BoundaryError for a write, PlacementError for a table of a service that is placed
        elsewhere, and TargetError where the database can't be used.
        """
        placement.refuse_other_services(self._wall.name)
        place = placement.place(placement.url_of(None))
        view = place.view(self.wall, isolation="REPEATABLE READ", read_only=True)
        with told(place), Session(view) as session, session.begin():
            yield session

    @asynccontextmanager
    async def async_session(self) -> "AsyncIterator[AsyncSession]":
        """Do as `session`, for async code."""
        from sqlalchemy.ext.asyncio import AsyncSession

        placement.refuse_other_services(self._wall.name)
        place = placement.async_place(placement.url_of(None))
        view = placement.async_engine(place.view(self.wall, isolation="REPEATABLE READ", read_only=True))
        with told(place):
            async with AsyncSession(view, sync_session_class=Session) as session, session.begin():
                yield session


class Together:
    """Several services in one transaction: each one's session is an attribute named after it."""

    def __init__(self, sessions: dict[str, Any]) -> None:
        self._sessions = sessions

    def __getattr__(self, name: str) -> Any:
        """Return the session of the service called ``name``. Raises BoundaryError where it takes no part."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._sessions:
            return self._sessions[name]
        raise BoundaryError(
            f"{name} takes no part in this transaction, which is over {', '.join(self._sessions)}",
            hint="name all its services when it opens: unified.transaction(...)",
        )

    def __dir__(self) -> list[str]:
        return list(self._sessions)


@contextmanager
def transaction(*services: ModuleType | Facade) -> Iterator[Together]:
    """Open one transaction over several services, as in ``with unified.transaction(payroll, wallet) as tx``.

    ``tx.payroll`` and ``tx.wallet`` are sessions, each confined to its own service's tables. All commit together at the
    end of the block, or roll back on an exception. Raises PlacementError where the services live in
    different databases, and otherwise what a facade's session raises.
    """
    facades = _facades(services)
    place = placement.place(_one_url(facades))
    confined = {facade.service.name: place.confine(facade.wall) for facade in facades}
    with told(place), place.engine.connect() as plain:
        turn = boundary.Turn(next(iter(confined.values())))
        connection = plain.execution_options(**{boundary.TURN: turn})
        sessions = {name: Session(connection, confined=its) for name, its in confined.items()}
        with connection.begin():
            try:
                yield Together(sessions)
                for session in sessions.values():
                    session.commit()  # flushes; the transaction itself is the connection's
            finally:
                for session in sessions.values():
                    session.close()


@asynccontextmanager
async def async_transaction(*services: ModuleType | Facade) -> AsyncIterator[Together]:
    """Do as `transaction`, for async code."""
    from sqlalchemy.ext.asyncio import AsyncSession

    facades = _facades(services)
    place = placement.async_place(_one_url(facades))
    confined = {facade.service.name: place.confine(facade.wall) for facade in facades}
    with told(place):
        async with placement.async_engine(place.engine).connect() as plain:
            turn = boundary.Turn(next(iter(confined.values())))
            connection = await plain.execution_options(**{boundary.TURN: turn})
            sessions = {
                name: AsyncSession(connection, sync_session_class=Session, confined=its)
                for name, its in confined.items()
            }
            async with connection.begin():
                try:
                    yield Together(sessions)
                    for session in sessions.values():
                        await session.commit()
                finally:
                    for session in sessions.values():
                        await session.close()


# -- private ------------------------------------------------------------------------------------------


def _facades(services: tuple[ModuleType | Facade, ...]) -> list[Facade]:
    found = [service if isinstance(service, Facade) else getattr(service, "db", None) for service in services]
    for given, facade in zip(services, found, strict=True):
        if not isinstance(facade, Facade):
            raise BoundaryError(
                f"{getattr(given, '__name__', given)!r} is no service",
                hint="name services: transaction(payroll, wallet)",
            )
        placement.refuse_other_services(facade.service.name)
    if not found:
        raise BoundaryError("a transaction over no service", hint="name its services: transaction(payroll, wallet)")
    return [facade for facade in found if facade is not None]


def _one_url(facades: list[Facade]) -> DatabaseUrl:
    """Return where all of them live. Raises PlacementError where that isn't one database and login."""
    first = facades[0]
    for facade in facades[1:]:
        if facade.url.identity != first.url.identity:
            raise PlacementError(
                f"{first.service.name} is in {first.url} and {facade.service.name} in {facade.url}:"
                " one transaction can't be over both",
                hint=f"unset {placement.variable(facade.service.name)} or {placement.variable(first.service.name)} once"
                " they are in one database, or write to each in a transaction of its own",
            )
    return first.url
