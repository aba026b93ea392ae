"""The domain fundx, of the sector financial."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("fundx", schema="fundx", role="tec_fundx", reads=("shared.users",))


class FundxFacade(Facade):
    """The service's tables, by name."""

    portfolios: Table
    investments: Table
    transactions: Table
    accounts: Table
    statements: Table


db = FundxFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Portfolio(Base):
    """What a user has invested in together."""

    __tablename__ = "portfolios"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    name: Mapped[str] = mapped_column()
    strategy: Mapped[str] = mapped_column(index=True)  # one of AGGRESSIVE, MODERATE, CONSERVATIVE, BALANCED
    risk_level: Mapped[str] = mapped_column()  # one of LOW, MEDIUM, HIGH
    total_value: Mapped[Money] = mapped_column(server_default=text("0"))
    currency: Mapped[str] = mapped_column(server_default="PI")
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Investment(Base):
    """One holding of a portfolio."""

    __tablename__ = "investments"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    portfolio_id: Mapped[str] = mapped_column(ForeignKey("fundx.portfolios.id", ondelete="CASCADE"), index=True)
    fund_name: Mapped[str] = mapped_column()
    fund_type: Mapped[str] = mapped_column(index=True)  # one of INDEX, MUTUAL, ETF, HEDGE
    units: Mapped[float] = mapped_column()
    nav_price: Mapped[Money] = mapped_column()
    total_value: Mapped[Money] = mapped_column()
    performance_data: Mapped[Document | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Transaction(Base):
    """What changed a holding, and by how much. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "transactions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    investment_id: Mapped[str] = mapped_column(ForeignKey("fundx.investments.id", ondelete="CASCADE"), index=True)
    type: Mapped[str] = mapped_column(index=True)  # one of SUBSCRIBE, REDEEM, SWITCH, DIVIDEND
    units: Mapped[float] = mapped_column()
    nav_price: Mapped[Money] = mapped_column()
    amount: Mapped[Money] = mapped_column()
    fees: Mapped[Money] = mapped_column(server_default=text("0"))
    currency: Mapped[str] = mapped_column(server_default="PI")
    description: Mapped[str | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    executed_at: Mapped[Created] = mapped_column(index=True)
    created_at: Mapped[Created] = mapped_column()


class Account(Base):
    """An account of a user, with its balance."""

    __tablename__ = "accounts"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    account_number: Mapped[str] = mapped_column(unique=True)
    account_type: Mapped[str] = mapped_column(index=True)  # one of REGULAR, IRA, 401K, ROTH
    balance: Mapped[Money] = mapped_column(server_default=text("0"))
    currency: Mapped[str] = mapped_column(server_default="PI")
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Statement(Base):
    """What an account held at the beginning and at the end of a period. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "statements"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    account_id: Mapped[str] = mapped_column(ForeignKey("fundx.accounts.id", ondelete="CASCADE"), index=True)
    period_start: Mapped[datetime] = mapped_column(index=True)
    period_end: Mapped[datetime] = mapped_column()
    opening_balance: Mapped[Money] = mapped_column()
    closing_balance: Mapped[Money] = mapped_column()
    total_gains: Mapped[Money | None] = mapped_column()
    total_losses: Mapped[Money | None] = mapped_column()
    document_url: Mapped[str | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    generated_at: Mapped[Created] = mapped_column()
