"""One transaction over several services of one database, which says so where it is opened.

Each service has a session of its own, confined to its own tables under its own role, and all of them commit together
or not at all.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from graphlib import CycleError, TopologicalSorter
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from payrollx_db.errors import BoundaryError, PlacementError
from payrollx_db.facade import engines, variables
from payrollx_db.facade.facade import Facade, Session
from payrollx_db.facade.wall import ACTIVE_SERVICE, ActiveService, ServiceScope
from payrollx_db.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


AnySession = TypeVar("AnySession", bound="Session | AsyncSession")


class ConfinedSession(Session):
    """A session that shares its transaction with other services' sessions."""

    def __init__(self, bind: Connection, binds: Any = None, *, scope: ServiceScope) -> None:
        """``bind`` is the connection that they share."""
        super().__init__(bind, binds)
        self._scope = scope
        self._referenced: tuple[Session, ...] = ()

    def join(self, referenced: Iterable[Session] = ()) -> None:
        """Take part in the transaction that the connection is in: as a whole, whatever savepoints are made later.

        ``referenced`` are the sessions of other services in it whose rows this one's may point at.
        """
        self._referenced = tuple(referenced)
        super(Session, self).connection()

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what is pending, and before that what it may point at in the same transaction."""
        for session in self._referenced:
            if not session.deleted:  # that is for later, when nothing points at it any more
                session.flush()
        super().flush(objects)

    def get_bind(self, *arguments: Any, **options: Any) -> Engine | Connection:
        """Return what to run the next statement on, and take the turn on it. SQLAlchemy calls this before each."""
        bind = super().get_bind(*arguments, **options)
        bind.get_execution_options()[ACTIVE_SERVICE].scope = self._scope
        return bind

    def connection(self, *_arguments: Any, **_options: Any) -> Connection:
        """Raise BoundaryError: the connection would be everyone's."""
        raise BoundaryError(
            "a transaction over several services has no connection for one of them", hint="use execute() instead"
        )


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
            hint=f"name all its services when it opens: transaction({', '.join([*self._sessions, name])})",
        )

    def __dir__(self) -> list[str]:
        return list(self._sessions)


@contextmanager
def transaction(*services: ModuleType | Facade) -> Iterator[UnitOfWork[Session]]:
    """Open one transaction over several services.

    In ``with transaction(orders, billing) as tx``, ``tx.orders`` and ``tx.billing`` are sessions, each confined to its
    own service's tables. All commit together at the end of the block, or roll back on an exception. What they write
    goes out in the order of the references between the services: who is pointed at comes first, and its deletions
    last. ``services`` are facades, or modules that have one called ``db``.
    Raises PlacementError where the services live in different databases, and otherwise what a facade's session raises.
    """
    facades = _facades(services)
    place = engines.place(_one_url(facades))
    scopes = {facade.service.name: place.scope(facade.wall) for facade in facades}
    view = place.shared_view(ActiveService(next(iter(scopes.values()))))
    try:
        with view.connect() as connection:
            sessions = {name: ConfinedSession(connection, scope=scope) for name, scope in scopes.items()}
            with connection.begin():
                try:
                    order = _join(facades, sessions)
                    yield UnitOfWork[Session](dict(sessions))
                    for name in _deleting_last(order, sessions):
                        sessions[name].flush()
                    for session in sessions.values():
                        session.commit()  # says that nothing is to be undone; the connection's own commit follows
                finally:
                    for session in sessions.values():
                        session.close()
    except PoolTimeout:
        raise place.used_up() from None


@asynccontextmanager
async def async_transaction(*services: ModuleType | Facade) -> "AsyncIterator[UnitOfWork[AsyncSession]]":
    """Do as `transaction`, for async code."""
    from sqlalchemy.ext.asyncio import AsyncSession

    facades = _facades(services)
    place = engines.async_place(_one_url(facades))
    scopes = {facade.service.name: place.scope(facade.wall) for facade in facades}
    view = place.shared_view(ActiveService(next(iter(scopes.values()))))
    try:
        async with engines.async_engine(view).connect() as connection:
            sessions = {
                name: AsyncSession(connection, sync_session_class=ConfinedSession, scope=scope)
                for name, scope in scopes.items()
            }
            async with connection.begin():
                try:
                    sync = {name: session.sync_session for name, session in sessions.items()}
                    order = await connection.run_sync(lambda _: _join(facades, sync))
                    yield UnitOfWork(sessions)
                    for name in _deleting_last(order, sync):
                        await sessions[name].flush()
                    for session in sessions.values():
                        await session.commit()
                finally:
                    for session in sessions.values():
                        await session.close()
    except PoolTimeout:
        raise place.used_up() from None


# -- private ------------------------------------------------------------------------------------------


def _facades(services: tuple[ModuleType | Facade, ...]) -> list[Facade]:
    if not services:
        raise BoundaryError("a transaction over no service", hint="name its services: transaction(orders, billing)")
    facades = []
    for service in services:
        facade = service if isinstance(service, Facade) else getattr(service, "db", None)
        if not isinstance(facade, Facade):
            raise BoundaryError(
                f"{getattr(service, '__name__', service)!r} is no service",
                hint="name facades, or modules that have one called db: transaction(orders, billing)",
            )
        engines.refuse_other_services(facade.wall)
        facades.append(facade)
    return facades


def _join(facades: list[Facade], sessions: Mapping[str, Any]) -> list[str]:
    """Let the sessions take part in the connection's transaction, and return them in the order of their references."""
    graph = _references(facades)
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError:  # services that point at each other: their sessions flush as the caller says
        graph, order = {name: set() for name in graph}, list(graph)
    for name, referenced in graph.items():
        sessions[name].join([sessions[other] for other in order if other in referenced])
    return order


def _references(facades: list[Facade]) -> dict[str, set[str]]:
    """Return, for each service, which others of the transaction its foreign keys point at."""
    names = {facade.service.schema: facade.service.name for facade in facades}
    graph: dict[str, set[str]] = {name: set() for name in names.values()}
    for facade in facades:
        keys = (key for table in facade.tables.values() for key in table.foreign_keys)
        schemas = {key.target_fullname.partition(".")[0] for key in keys} - {facade.service.schema}
        graph[facade.service.name] = {names[schema] for schema in schemas if schema in names}
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
                hint=f"unset {variables.variable(facade.service.name)} or {variables.variable(first.service.name)} once"
                " they are in one database, or write to each in a transaction of its own",
            )
    return first.url
