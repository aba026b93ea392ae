"""The hub: its own users, their days and invitations, and the domains with what is reported of them."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, Table, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Day, Document, Key, Texts, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("tec", schema="tec", role="tec_tec", reads=("shared.users",))


class TecFacade(Facade):
    """The service's tables, by name."""

    users: Table
    check_ins: Table
    signals: Table
    transactions: Table
    unlocks: Table
    invites: Table
    domains: Table
    integrations: Table
    dashboards: Table
    reports: Table
    analytics: Table


db = TecFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class User(Base):
    """Someone who uses the hub, by their name at Pi."""

    __tablename__ = "users"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    pi_uid: Mapped[str] = mapped_column(unique=True)
    pi_username: Mapped[str] = mapped_column(unique=True)
    wallet_address: Mapped[str | None] = mapped_column()
    current_streak: Mapped[int] = mapped_column(server_default=text("0"))
    longest_streak: Mapped[int] = mapped_column(server_default=text("0"))
    total_xp: Mapped[int] = mapped_column(server_default=text("0"))
    level: Mapped[int] = mapped_column(server_default=text("1"))
    status: Mapped[str] = mapped_column(server_default="ACTIVE")  # one of ACTIVE, INACTIVE, SUSPENDED, DELETED
    role: Mapped[str] = mapped_column(server_default="USER")  # one of USER, PREMIUM, ADMIN
    created_at: Mapped[Created] = mapped_column(index=True)
    updated_at: Mapped[Updated] = mapped_column()
    last_active_at: Mapped[datetime | None] = mapped_column()


class CheckIn(Base):
    """That a user came by on a day."""

    __tablename__ = "check_ins"
    __table_args__ = (UniqueConstraint("user_id", "date"), HERE)

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("tec.users.id", ondelete="CASCADE"))
    date: Mapped[Day] = mapped_column(index=True)
    signal: Mapped[str] = mapped_column()  # one of POSITIVE, NEUTRAL, CAUTION
    xp_earned: Mapped[int] = mapped_column()
    streak_day: Mapped[int] = mapped_column()
    created_at: Mapped[Created] = mapped_column()


class Signal(Base):
    """What the hub said of a day. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "signals"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    date: Mapped[Day] = mapped_column(unique=True)
    type: Mapped[str] = mapped_column()  # one of POSITIVE, NEUTRAL, CAUTION
    confidence: Mapped[float | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    generated_at: Mapped[Created] = mapped_column()


class Transaction(Base):
    """A payment at the hub, in Pi with its seven digits. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "transactions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("tec.users.id", ondelete="CASCADE"), index=True)
    pi_payment_id: Mapped[str] = mapped_column(unique=True)
    tx_hash: Mapped[str | None] = mapped_column()
    amount: Mapped[Decimal] = mapped_column(Numeric(18, 7))
    type: Mapped[str] = mapped_column()  # one of UNLOCK_FEATURE, SUBSCRIPTION, TIP, REFUND
    # one of PENDING, COMPLETED, FAILED, CANCELLED, REFUNDED
    status: Mapped[str] = mapped_column(server_default="PENDING", index=True)
    item_id: Mapped[str | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column(index=True)
    updated_at: Mapped[Updated] = mapped_column()
    completed_at: Mapped[datetime | None] = mapped_column()


class Unlock(Base):
    """A feature that a user has unlocked."""

    __tablename__ = "unlocks"
    __table_args__ = (UniqueConstraint("user_id", "feature_key"), HERE)

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("tec.users.id", ondelete="CASCADE"))
    feature_key: Mapped[str] = mapped_column(index=True)
    transaction_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("tec.transactions.id"))
    unlocked_at: Mapped[Created] = mapped_column()
    expires_at: Mapped[datetime | None] = mapped_column()


class Invite(Base):
    """An invitation, and who took it."""

    __tablename__ = "invites"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    inviter_id: Mapped[str] = mapped_column(ForeignKey("tec.users.id", ondelete="CASCADE"), index=True)
    invitee_id: Mapped[str | None] = mapped_column(ForeignKey("tec.users.id", ondelete="CASCADE"), unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(server_default="PENDING")  # one of PENDING, ACCEPTED, EXPIRED, REVOKED
    created_at: Mapped[Created] = mapped_column()
    accepted_at: Mapped[datetime | None] = mapped_column()


class Domain(Base):
    """A domain of TEC. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "domains"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    sector: Mapped[str] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)
    icon: Mapped[str] = mapped_column()
    color: Mapped[str] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    launched_at: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Integration(Base):
    """What a service is joined with.

    Its credentials are the domain's alone. ``metadata_`` is the column ``metadata``.
    """

    __tablename__ = "integrations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    domain_id: Mapped[str] = mapped_column(ForeignKey("tec.domains.id", ondelete="CASCADE"), index=True)
    integration_type: Mapped[str] = mapped_column(index=True)  # one of API, WEBHOOK, EVENT, DATA_SYNC
    target_domain: Mapped[str | None] = mapped_column(index=True, info=loose_reference("tec.domains.name"))
    config: Mapped[Document] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    last_synced_at: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Dashboard(Base):
    """A user's view of domains. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "dashboards"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    name: Mapped[str] = mapped_column()
    description: Mapped[str | None] = mapped_column()
    layout: Mapped[Document] = mapped_column()
    domains: Mapped[Texts | None] = mapped_column()
    is_default: Mapped[bool] = mapped_column(server_default=false(), index=True)
    is_public: Mapped[bool] = mapped_column(server_default=false())
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Report(Base):
    """What a dashboard has reported. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "reports"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    dashboard_id: Mapped[str] = mapped_column(ForeignKey("tec.dashboards.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column()
    report_type: Mapped[str] = mapped_column(index=True)  # one of ANALYTICS, PERFORMANCE, FINANCIAL, USAGE
    domains: Mapped[Texts | None] = mapped_column()
    data: Mapped[Document] = mapped_column()
    period: Mapped[Document] = mapped_column()
    generated_at: Mapped[Created] = mapped_column(index=True)
    metadata_: Mapped[Document | None] = mapped_column("metadata")


class Analytics(Base):
    """One figure of a report."""

    __tablename__ = "analytics"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    report_id: Mapped[str] = mapped_column(ForeignKey("tec.reports.id", ondelete="CASCADE"), index=True)
    domain: Mapped[str] = mapped_column(index=True, info=loose_reference("tec.domains.name"))
    metric: Mapped[str] = mapped_column(index=True)
    value: Mapped[float] = mapped_column()
    unit: Mapped[str | None] = mapped_column()
    dimensions: Mapped[Document | None] = mapped_column()
    timestamp: Mapped[Created] = mapped_column(index=True)
