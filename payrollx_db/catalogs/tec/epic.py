"""The domain epic, of the sector premium."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("epic", schema="epic", role="tec_epic", reads=("shared.users",))


class EpicFacade(Facade):
    """The service's tables, by name."""

    memberships: Table
    benefits: Table
    tiers: Table
    privileges: Table
    accesses: Table


db = EpicFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Membership(Base):
    """That a user is a member, and until when. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "memberships"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(unique=True, info=loose_reference("shared.users.id"))
    tier: Mapped[str] = mapped_column(server_default="EPIC", index=True)
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    start_date: Mapped[Created] = mapped_column()
    end_date: Mapped[datetime | None] = mapped_column()
    renewal_date: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Benefit(Base):
    """What a member gets."""

    __tablename__ = "benefits"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    membership_id: Mapped[str] = mapped_column(ForeignKey("epic.memberships.id", ondelete="CASCADE"), index=True)
    benefit_type: Mapped[str] = mapped_column(index=True)  # one of DISCOUNT, ACCESS, PRIORITY, EXCLUSIVE
    name: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    value: Mapped[str | None] = mapped_column()
    is_active: Mapped[bool] = mapped_column(server_default=true())
    expires_at: Mapped[datetime | None] = mapped_column()
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
    features: Mapped[Document] = mapped_column()
    is_active: Mapped[bool] = mapped_column(server_default=true())
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Privilege(Base):
    """What members of a rank may do. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "privileges"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)  # one of SERVICE, DISCOUNT, ACCESS, SUPPORT
    required_tier: Mapped[str] = mapped_column(index=True)
    is_active: Mapped[bool] = mapped_column(server_default=true())
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Access(Base):
    """What a member may go into, and until when."""

    __tablename__ = "accesses"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    membership_id: Mapped[str] = mapped_column(ForeignKey("epic.memberships.id", ondelete="CASCADE"), index=True)
    resource: Mapped[str] = mapped_column()
    resource_type: Mapped[str] = mapped_column(index=True)  # one of DOMAIN, FEATURE, SERVICE, CONTENT
    granted_at: Mapped[Created] = mapped_column()
    expires_at: Mapped[datetime | None] = mapped_column()
