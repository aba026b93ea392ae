"""A transaction over several of PayrollX's services, as a type checker sees it: only who takes part has a session.

At run time these are the facade's own functions. The type of a transaction holds the union of the facades that it was
opened with. It is contravariant in it, so that a transaction over payroll and wallet is one over payroll, and not one
over auth.
"""

from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from payrollx_db.catalogs.payrollx.auth import AuthFacade
from payrollx_db.catalogs.payrollx.compliance import ComplianceFacade
from payrollx_db.catalogs.payrollx.employee import EmployeeFacade
from payrollx_db.catalogs.payrollx.notification import NotificationFacade
from payrollx_db.catalogs.payrollx.organization import OrganizationFacade
from payrollx_db.catalogs.payrollx.payroll import PayrollFacade
from payrollx_db.catalogs.payrollx.transaction import TransactionFacade
from payrollx_db.catalogs.payrollx.wallet import WalletFacade
from payrollx_db.facade import unit_of_work
from payrollx_db.facade.facade import Facade, Session

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["UnitOfWork", "async_transaction", "transaction"]

F_co = TypeVar("F_co", bound=Facade, covariant=True)
F_contra = TypeVar("F_contra", bound=Facade, contravariant=True)
S_co = TypeVar("S_co", bound="Session | AsyncSession", covariant=True)
S = TypeVar("S", bound="Session | AsyncSession")
A = TypeVar("A", bound=Facade)
B = TypeVar("B", bound=Facade)
C = TypeVar("C", bound=Facade)
D = TypeVar("D", bound=Facade)
E = TypeVar("E", bound=Facade)
F = TypeVar("F", bound=Facade)
G = TypeVar("G", bound=Facade)
H = TypeVar("H", bound=Facade)

if TYPE_CHECKING:

    class Module(Protocol[F_co]):
        """A service's module."""

        @property
        def db(self) -> F_co: ...

    class UnitOfWork(Generic[S_co, F_contra]):
        """Several services in one transaction: each one's session is an attribute named after it."""

        @property
        def auth(self: "UnitOfWork[S, AuthFacade]") -> S: ...
        @property
        def organization(self: "UnitOfWork[S, OrganizationFacade]") -> S: ...
        @property
        def employee(self: "UnitOfWork[S, EmployeeFacade]") -> S: ...
        @property
        def wallet(self: "UnitOfWork[S, WalletFacade]") -> S: ...
        @property
        def payroll(self: "UnitOfWork[S, PayrollFacade]") -> S: ...
        @property
        def transaction(self: "UnitOfWork[S, TransactionFacade]") -> S: ...
        @property
        def notification(self: "UnitOfWork[S, NotificationFacade]") -> S: ...
        @property
        def compliance(self: "UnitOfWork[S, ComplianceFacade]") -> S: ...

    Opened = AbstractContextManager[UnitOfWork[Session, F_contra]]
    AsyncOpened = AbstractAsyncContextManager[UnitOfWork[AsyncSession, F_contra]]

    class _Transaction(Protocol):
        @overload
        def __call__(self, a: Module[A], /) -> Opened[A]: ...
        @overload
        def __call__(self, a: Module[A], b: Module[B], /) -> Opened[A | B]: ...
        @overload
        def __call__(self, a: Module[A], b: Module[B], c: Module[C], /) -> Opened[A | B | C]: ...
        @overload
        def __call__(self, a: Module[A], b: Module[B], c: Module[C], d: Module[D], /) -> Opened[A | B | C | D]: ...
        @overload
        def __call__(
            self, a: Module[A], b: Module[B], c: Module[C], d: Module[D], e: Module[E], /
        ) -> Opened[A | B | C | D | E]: ...
        @overload
        def __call__(
            self, a: Module[A], b: Module[B], c: Module[C], d: Module[D], e: Module[E], f: Module[F], /
        ) -> Opened[A | B | C | D | E | F]: ...
        @overload
        def __call__(
            self, a: Module[A], b: Module[B], c: Module[C], d: Module[D], e: Module[E], f: Module[F], g: Module[G], /
        ) -> Opened[A | B | C | D | E | F | G]: ...
        @overload
        def __call__(
            self,
            a: Module[A],
            b: Module[B],
            c: Module[C],
            d: Module[D],
            e: Module[E],
            f: Module[F],
            g: Module[G],
            h: Module[H],
            /,
        ) -> Opened[A | B | C | D | E | F | G | H]: ...
        @overload
        def __call__(self, *services: ModuleType | Facade) -> Opened[Any]: ...

    class _AsyncTransaction(Protocol):
        @overload
        def __call__(self, a: Module[A], /) -> AsyncOpened[A]: ...
        @overload
        def __call__(self, a: Module[A], b: Module[B], /) -> AsyncOpened[A | B]: ...
        @overload
        def __call__(self, a: Module[A], b: Module[B], c: Module[C], /) -> AsyncOpened[A | B | C]: ...
        @overload
        def __call__(self, a: Module[A], b: Module[B], c: Module[C], d: Module[D], /) -> AsyncOpened[A | B | C | D]: ...
        @overload
        def __call__(
            self, a: Module[A], b: Module[B], c: Module[C], d: Module[D], e: Module[E], /
        ) -> AsyncOpened[A | B | C | D | E]: ...
        @overload
        def __call__(
            self, a: Module[A], b: Module[B], c: Module[C], d: Module[D], e: Module[E], f: Module[F], /
        ) -> AsyncOpened[A | B | C | D | E | F]: ...
        @overload
        def __call__(
            self, a: Module[A], b: Module[B], c: Module[C], d: Module[D], e: Module[E], f: Module[F], g: Module[G], /
        ) -> AsyncOpened[A | B | C | D | E | F | G]: ...
        @overload
        def __call__(
            self,
            a: Module[A],
            b: Module[B],
            c: Module[C],
            d: Module[D],
            e: Module[E],
            f: Module[F],
            g: Module[G],
            h: Module[H],
            /,
        ) -> AsyncOpened[A | B | C | D | E | F | G | H]: ...
        @overload
        def __call__(self, *services: ModuleType | Facade) -> AsyncOpened[Any]: ...

    transaction: _Transaction
    async_transaction: _AsyncTransaction
else:
    UnitOfWork = unit_of_work.UnitOfWork
    transaction = unit_of_work.transaction
    async_transaction = unit_of_work.async_transaction
