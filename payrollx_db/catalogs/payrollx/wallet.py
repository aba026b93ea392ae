"""The wallet service: where employees are paid, and what went in and out there."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Table, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.payrollx.base import CATALOG, Base, Created, Key, Money, Texts, Updated, labels, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("wallet", schema="wallet", role="payrollx_wallet")


class WalletFacade(Facade):
    """The service's tables, by name."""

    wallets: Table
    wallet_transactions: Table


db = WalletFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class TransactionDirection(StrEnum):
    """Which way money moved, seen from the wallet."""

    INCOMING = "INCOMING"
    OUTGOING = "OUTGOING"


transaction_direction = labels("transaction_direction", "wallet", TransactionDirection)


class Wallet(Base):
    """An employee's wallet. The key itself is held in shares elsewhere; ``key_share_ids`` names them."""

    __tablename__ = "wallets"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    employee_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("employee.employees.id", ondelete="RESTRICT"), unique=True
    )
    public_key: Mapped[str] = mapped_column(unique=True)
    key_share_ids: Mapped[Texts | None] = mapped_column()
    provider: Mapped[str] = mapped_column(server_default="mpc")
    is_active: Mapped[bool] = mapped_column(server_default=true())
    created_by: Mapped[uuid.UUID] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()


class WalletTransaction(Base):
    """One movement of money into or out of a wallet, as the chain shows it."""

    __tablename__ = "wallet_transactions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    wallet_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("wallet.wallets.id", ondelete="CASCADE"), index=True)
    direction: Mapped[TransactionDirection] = mapped_column(transaction_direction)
    amount: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="SOL")
    signature: Mapped[str | None] = mapped_column()
    occurred_at: Mapped[Created] = mapped_column()
