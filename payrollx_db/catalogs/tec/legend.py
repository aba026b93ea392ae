"""The domain legend, of the sector premium."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("legend", schema="legend", role="tec_legend", reads=("shared.users",))


class LegendFacade(Facade):
    """The service's tables, by name."""

    memberships: Table
    benefits: Table
    tiers: Table
    privileges: Table
    accesses: Table


db = LegendFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Membership(Base):
    """That a user is a member, and until when. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "memberships"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(unique=True, info=loose_reference("shared.users.id"))
    tier: Mapped[str] = mapped_column(server_default="LEGEND")
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    start_date: Mapped[Created] = mapped_column()
    end_date: Mapped[datetime | None] = mapped_column()
    auto_renew: Mapped[bool] = mapped_column(server_default=true())
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Benefit(Base):
    """What a member gets."""

    __tablename__ = "benefits"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    membership_id: Mapped[str] = mapped_column(ForeignKey("legend.memberships.id", ondelete="CASCADE"), index=True)
    type: Mapped[str] = mapped_column(index=True)  # one of VIP_ACCESS, CONCIERGE, UNLIMITED, PRIORITY
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    is_unlimited: Mapped[bool] = mapped_column(server_default=false())
    usage_limit: Mapped[int | None] = mapped_column()
    usage_count: Mapped[int] = mapped_column(server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(server_default=true())
    expires_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()


class Tier(Base):
    """A rank of members, with its price."""

    __tablename__ = "tiers"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column(unique=True)
    rank: Mapped[int] = mapped_column(unique=True)
    annual_price: Mapped[Money] = mapped_column()
    monthly_price: Mapped[Money | None] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    perks: Mapped[Document] = mapped_column()
    is_available: Mapped[bool] = mapped_column(server_default=true())
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Privilege(Base):
    """What members of a rank may do."""

    __tablename__ = "privileges"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)  # one of CONCIERGE, UNLIMITED, VIP, EXCLUSIVE
    min_tier: Mapped[str] = mapped_column()
    is_active: Mapped[bool] = mapped_column(server_default=true())
    details: Mapped[Document | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Access(Base):
    """What a member may go into, and until when. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "accesses"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    membership_id: Mapped[str] = mapped_column(ForeignKey("legend.memberships.id", ondelete="CASCADE"), index=True)
    resource_name: Mapped[str] = mapped_column()
    resource_type: Mapped[str] = mapped_column(index=True)  # one of DOMAIN, FEATURE, EVENT, CONTENT
    access_level: Mapped[str] = mapped_column()  # one of FULL, LIMITED, PRIORITY
    granted_at: Mapped[Created] = mapped_column()
    expires_at: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
