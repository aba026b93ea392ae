"""The transaction service: payments sent to the chain, and what became of them."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Identity, Table
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.payrollx.base import CATALOG, Base, Created, Key, Money, Updated, labels, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("transaction", schema="transaction", role="payrollx_transaction")


class TransactionFacade(Facade):
    """The service's tables, by name."""

    transactions: Table
    transaction_logs: Table


db = TransactionFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class TransactionType(StrEnum):
    """What a payment is for."""

    PAYROLL = "PAYROLL"
    BONUS = "BONUS"
    REFUND = "REFUND"
    ADJUSTMENT = "ADJUSTMENT"


class TransactionStatus(StrEnum):
    """How far a payment has come."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


transaction_type = labels("transaction_type", "transaction", TransactionType)
transaction_status = labels("transaction_status", "transaction", TransactionStatus)


class Transaction(Base):
    """One payment to an employee. ``wallet_id`` is NULL where nothing says which wallet was used."""

    __tablename__ = "transactions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    payroll_run_id: Mapped[uuid.UUID] = mapped_column(index=True, info=loose_reference("payroll.payroll_runs.id"))
    employee_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("employee.employees.id", ondelete="RESTRICT"), index=True)
    wallet_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("wallet.wallets.id", ondelete="RESTRICT"), index=True
    )
    type: Mapped[TransactionType] = mapped_column(transaction_type, server_default="PAYROLL", index=True)
    amount: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="SOL")
    token_address: Mapped[str | None] = mapped_column()
    signature: Mapped[str | None] = mapped_column()
    block_hash: Mapped[str | None] = mapped_column()
    status: Mapped[TransactionStatus] = mapped_column(transaction_status, server_default="PENDING", index=True)
    error: Mapped[str | None] = mapped_column()
    notes: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column(index=True)
    updated_at: Mapped[Updated] = mapped_column()
    completed_at: Mapped[datetime | None] = mapped_column()


class TransactionLog(Base):
    """One step in a payment's life."""

    __tablename__ = "transaction_logs"
    __table_args__ = HERE

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    transaction_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("transaction.transactions.id", ondelete="CASCADE"), index=True
    )
    status: Mapped[TransactionStatus] = mapped_column(transaction_status)
    message: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
