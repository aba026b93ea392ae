"""The domain vip, of the sector premium."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, text, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("vip", schema="vip", role="tec_vip", reads=("shared.users",))


class VipFacade(Facade):
    """The service's tables, by name."""

    memberships: Table
    benefits: Table
    tiers: Table
    privileges: Table
    accesses: Table


db = VipFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Membership(Base):
    """That a user is a member, and until when. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "memberships"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(unique=True, info=loose_reference("shared.users.id"))
    tier: Mapped[str] = mapped_column(server_default="VIP")
    level: Mapped[int] = mapped_column(server_default=text("1"), index=True)
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    points: Mapped[int] = mapped_column(server_default=text("0"))
    start_date: Mapped[Created] = mapped_column()
    expiry_date: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Benefit(Base):
    """What a member gets."""

    __tablename__ = "benefits"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    membership_id: Mapped[str] = mapped_column(ForeignKey("vip.memberships.id", ondelete="CASCADE"), index=True)
    category: Mapped[str] = mapped_column(index=True)  # one of LOUNGE, PRIORITY, UPGRADE, GIFT
    name: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    quota: Mapped[int | None] = mapped_column()
    used: Mapped[int] = mapped_column(server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(server_default=true())
    valid_until: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()


class Tier(Base):
    """A rank of members, with its price."""

    __tablename__ = "tiers"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column(unique=True)
    level: Mapped[int] = mapped_column(unique=True)
    price: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    perks: Mapped[Document] = mapped_column()
    points_required: Mapped[int] = mapped_column(server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(server_default=true())
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Privilege(Base):
    """What members of a rank may do."""

    __tablename__ = "privileges"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    type: Mapped[str] = mapped_column(index=True)  # one of LOUNGE, FAST_TRACK, UPGRADE, CONCIERGE
    min_level: Mapped[int] = mapped_column(server_default=text("1"), index=True)
    is_active: Mapped[bool] = mapped_column(server_default=true())
    details: Mapped[Document | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Access(Base):
    """What a member may go into, and until when. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "accesses"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    membership_id: Mapped[str] = mapped_column(ForeignKey("vip.memberships.id", ondelete="CASCADE"), index=True)
    facility: Mapped[str] = mapped_column()
    facility_type: Mapped[str] = mapped_column(index=True)  # one of LOUNGE, EVENT, SERVICE, AREA
    access_date: Mapped[Created] = mapped_column()
    expires_at: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
