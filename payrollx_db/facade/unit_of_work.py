"""What one database newly allows, in the open: reading across services, and one transaction over several.

Both name what they do where they do it. The reader may read everything and write nothing; in a transaction over
several services each has a session of its own, confined to its own tables under its own role, and all of them
commit together or not at all.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from graphlib import CycleError, TopologicalSorter
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from payrollx_db.errors import BoundaryError, PlacementError
from payrollx_db.facade import engines, wall
from payrollx_db.facade.facade import Facade, Session, explain_pool_timeout
from payrollx_db.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


AnySession = TypeVar("AnySession", bound="Session | AsyncSession")


class UnitOfWork(Generic[AnySession]):
    """Several services in one transaction: each one's session is an attribute named after it."""

    def __init__(self, sessions: dict[str, AnySession]) -> None:
        self._sessions = sessions

    def __getattr__(self, name: str) -> AnySession:
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
def transaction(*services: ModuleType | Facade) -> Iterator[UnitOfWork[Session]]:
    """Open one transaction over several services, as in ``with unified.transaction(payroll, wallet) as tx``.

    ``tx.payroll`` and ``tx.wallet`` are sessions, each confined to its own service's tables. All commit together at the
    end of the block, or roll back on an exception. What they write goes out in the order of the references between
    the services: who is pointed at comes first, and its deletions last.
    Raises PlacementError where the services live in different databases, and otherwise what a facade's session raises.
    """
    facades = _facades(services)
    place = engines.place(_one_url(facades))
    scope = {facade.service.name: place.confine(facade.wall) for facade in facades}
    turn = wall.ActiveService(next(iter(scope.values())))
    view = place.engine.execution_options(**{wall.ACTIVE_SERVICE: turn})
    with explain_pool_timeout(place), view.connect() as connection:
        sessions = {name: Session(connection, scope=its) for name, its in scope.items()}
        with connection.begin():
            try:
                order = _join(facades, sessions)
                yield UnitOfWork(sessions)
                for name in _deleting_last(order, sessions):
                    sessions[name].flush()
                for session in sessions.values():
                    session.commit()  # says that nothing is to be undone; the transaction itself is the connection's
            finally:
                for session in sessions.values():
                    session.close()


@asynccontextmanager
async def async_transaction(*services: ModuleType | Facade) -> "AsyncIterator[UnitOfWork[AsyncSession]]":
    """Do as `transaction`, for async code."""
    from sqlalchemy.ext.asyncio import AsyncSession

    facades = _facades(services)
    place = engines.async_place(_one_url(facades))
    scope = {facade.service.name: place.confine(facade.wall) for facade in facades}
    turn = wall.ActiveService(next(iter(scope.values())))
    view = place.engine.execution_options(**{wall.ACTIVE_SERVICE: turn})
    with explain_pool_timeout(place):
        async with engines.async_engine(view).connect() as connection:
            sessions = {
                name: AsyncSession(connection, sync_session_class=Session, scope=its) for name, its in scope.items()
            }
            async with connection.begin():
                try:
                    behind = {name: session.sync_session for name, session in sessions.items()}
                    order = await connection.run_sync(lambda _: _join(facades, behind))
                    yield UnitOfWork(sessions)
                    for name in _deleting_last(order, behind):
                        await sessions[name].flush()
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
        engines.refuse_other_services(facade.wall)
    if not found:
        raise BoundaryError("a transaction over no service", hint="name its services: transaction(payroll, wallet)")
    return [facade for facade in found if facade is not None]


def _join(facades: list[Facade], sessions: Mapping[str, Any]) -> list[str]:
    """Let the sessions take part in the connection's transaction, and return them in the order of their references."""
    graph = _references(facades)
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError:  # services that point at each other: they flush as they are told
        graph, order = {name: set() for name in graph}, list(graph)
    for name, pointed_at in graph.items():
        sessions[name].join([sessions[other] for other in order if other in pointed_at])
    return order


def _references(facades: list[Facade]) -> dict[str, set[str]]:
    """Return, for each service, which others of the transaction its foreign keys point at."""
    names = {facade.service.schema: facade.service.name for facade in facades}
    graph: dict[str, set[str]] = {name: set() for name in names.values()}
    for facade in facades:
        keys = (key for table in facade.tables.values() for key in table.foreign_keys)
        targets = {key.target_fullname.partition(".")[0] for key in keys} - {facade.service.schema}
        graph[facade.service.name] = {names[schema] for schema in targets if schema in names}
    return graph


def _deleting_last(order: list[str], sessions: Mapping[str, Any]) -> list[str]:
    """Return in which order to write what is pending: what is to be deleted, after what pointed at it."""
    deleting = [name for name in reversed(order) if sessions[name].deleted]
    return [name for name in order if name not in deleting] + deleting


def _one_url(facades: list[Facade]) -> DatabaseUrl:
    """Return where all of them live. Raises PlacementError where that isn't one database and login."""
    first = facades[0]
    for facade in facades[1:]:
        if facade.url.identity != first.url.identity:
            raise PlacementError(
                f"{first.service.name} is in {first.url} and {facade.service.name} in {facade.url}:"
                " one transaction can't be over both",
                hint=f"unset {engines.variable(facade.service.name)} or {engines.variable(first.service.name)} once"
                " they are in one database, or write to each in a transaction of its own",
            )
    return first.url
