"""The mint service: wallets, the tokens that move between them, and how they are earned."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.azora.base import CATALOG, Base, Money, metadata
from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service

service = Service("mint", schema="mint", role="azora_mint", reads=("auth.users",))


class MintFacade(Facade):
    """The service's tables, by name."""

    wallets: Table
    transactions: Table
    stakes: Table
    mining_records: Table
    economic_metrics: Table


db = MintFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Wallet(Base):
    """A user's tokens: what they have, what they have staked, what they have earned."""

    __tablename__ = "wallets"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("auth.users.id", ondelete="RESTRICT"), unique=True)
    address: Mapped[str] = mapped_column(unique=True)
    balance: Mapped[Money] = mapped_column(server_default=text("0"))
    staked: Mapped[Money] = mapped_column(server_default=text("0"))
    earned: Mapped[Money] = mapped_column(server_default=text("0"))
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()


class Transaction(Base):
    """Tokens made, moved or staked; one of both ends may be missing. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "transactions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    type: Mapped[str] = mapped_column(index=True)  # one of mint, transfer, stake, unstake, reward
    from_id: Mapped[str | None] = mapped_column(ForeignKey("mint.wallets.id", ondelete="SET NULL"), index=True)
    to_id: Mapped[str | None] = mapped_column(ForeignKey("mint.wallets.id", ondelete="SET NULL"), index=True)
    amount: Mapped[Money] = mapped_column()
    reason: Mapped[str | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="completed")  # one of pending, completed, failed
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column(index=True)


class Stake(Base):
    """Tokens that are held back for a reward, from one day to another."""

    __tablename__ = "stakes"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    wallet_id: Mapped[str] = mapped_column(ForeignKey("mint.wallets.id", ondelete="RESTRICT"), index=True)
    amount: Mapped[Money] = mapped_column()
    start_date: Mapped[Created] = mapped_column()
    end_date: Mapped[datetime | None] = mapped_column()
    reward_rate: Mapped[Decimal] = mapped_column(Numeric(5, 4), server_default=text("0.05"))
    status: Mapped[str] = mapped_column(server_default="active", index=True)  # one of active, completed, cancelled
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class MiningRecord(Base):
    """Tokens earned by an activity. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "mining_records"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    wallet_id: Mapped[str] = mapped_column(ForeignKey("mint.wallets.id", ondelete="RESTRICT"), index=True)
    activity_id: Mapped[str] = mapped_column()
    # one of course_completion, job_completion, skill_assessment
    activity_type: Mapped[str] = mapped_column(index=True)
    tokens_earned: Mapped[Money] = mapped_column()
    difficulty: Mapped[int] = mapped_column(server_default=text("1"))
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    mined_at: Mapped[Created] = mapped_column(index=True)


class EconomicMetrics(Base):
    """How much there was of everything at one moment."""

    __tablename__ = "economic_metrics"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    total_supply: Mapped[Money] = mapped_column()
    circulating_supply: Mapped[Money] = mapped_column()
    total_staked: Mapped[Money] = mapped_column()
    total_minted: Mapped[Money] = mapped_column()
    active_wallets: Mapped[int] = mapped_column()
    daily_volume: Mapped[Money] = mapped_column()
    recorded_at: Mapped[Created] = mapped_column(index=True)
