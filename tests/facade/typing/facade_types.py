"""What a type checker knows of the facades. It is read by mypy and pyright, and never run."""
# pyright: standard

import uuid
from collections.abc import Mapping, Sequence
from typing import assert_type

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from payrollx_db import auth, payroll, unified, wallet
from payrollx_db.facade.facade import Facade, Session
from payrollx_db.facade.unit_of_work import transaction


def plain(email: str) -> auth.User:
    with auth.db.session() as session:
        assert_type(session, Session)
        user = session.scalars(select(auth.User).where(auth.User.email == email)).one()
        assert_type(user, auth.User)
        assert_type(session.scalars(select(wallet.Wallet.public_key)).all(), Sequence[str])
        assert_type(session.get(payroll.PayrollRun, user.id), payroll.PayrollRun | None)
    return user


async def through_async() -> None:
    async with auth.db.async_session(isolation="SERIALIZABLE", read_only=True) as session:
        assert_type(session, AsyncSession)
        assert_type((await session.scalars(select(auth.User))).one(), auth.User)
    assert_type(await auth.db.async_ping(), float)
    async with unified.async_transaction(payroll, wallet) as tx:
        assert_type(tx.payroll, AsyncSession)


def tables() -> None:
    assert_type(auth.db.service.name, str)
    assert_type(auth.db.users, Table)
    assert_type(auth.db.tables, Mapping[str, Table])
    assert_type(auth.db.ping(), float)


def across() -> None:
    with unified.transaction(payroll, wallet) as tx:
        assert_type(tx.payroll, Session)
        assert_type(tx.wallet.scalars(select(wallet.Wallet)).all(), Sequence[wallet.Wallet])
    with unified.reader.session() as session:
        assert_type(session, Session)
    with unified.transaction(*unified.SERVICES) as tx:
        assert_type(tx.auth, Session)
        assert_type(tx.compliance, Session)
    with unified.transaction(payroll.db, wallet) as tx:
        assert_type(tx.payroll, Session)
    some: list[Facade] = [auth.db, wallet.db]
    with unified.transaction(*some) as tx:  # which ones isn't known before it runs
        assert_type(tx.wallet, Session)
    with transaction(payroll, wallet) as tx:  # a catalog's own names aren't known to the facade
        assert_type(tx.payroll, Session)


def constructors() -> None:
    auth.User()
    user = auth.User(id=uuid.uuid4(), email="a@example.org", first_name="A", created_at=func.now())
    auth.RefreshToken(token="t", user_id=user.id, expires_at=func.now())
    assert_type({user: user.email}, dict[auth.User, str])


class Orders(Facade):
    """What a service of another catalog declares."""

    orders: Table


def foreign(db: Orders) -> None:
    assert_type(db.orders, Table)
