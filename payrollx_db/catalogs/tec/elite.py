"""The domain elite, of the sector networking."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("elite", schema="elite", role="tec_elite", reads=("shared.users",))


class EliteFacade(Facade):
    """The service's tables, by name."""

    networks: Table
    contacts: Table
    relationships: Table
    events: Table
    opportunities: Table


db = EliteFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Network(Base):
    """A user among others. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "networks"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(unique=True, info=loose_reference("shared.users.id"))
    member_level: Mapped[str] = mapped_column(server_default="ELITE", index=True)
    display_name: Mapped[str] = mapped_column()
    title: Mapped[str | None] = mapped_column()
    bio: Mapped[str | None] = mapped_column()
    net_worth: Mapped[Money | None] = mapped_column()
    industry: Mapped[str | None] = mapped_column()
    connections: Mapped[int] = mapped_column(server_default=text("0"))
    verified: Mapped[bool] = mapped_column(server_default=false())
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Contact(Base):
    """Somebody whom a user knows."""

    __tablename__ = "contacts"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    network_id: Mapped[str] = mapped_column(ForeignKey("elite.networks.id", ondelete="CASCADE"), index=True)
    contact_user_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    name: Mapped[str] = mapped_column()
    title: Mapped[str | None] = mapped_column()
    company: Mapped[str | None] = mapped_column()
    contact_info: Mapped[Document | None] = mapped_column()
    influence: Mapped[int] = mapped_column(server_default=text("0"))
    is_verified: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Relationship(Base):
    """How two users are joined. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "relationships"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    network_id: Mapped[str] = mapped_column(ForeignKey("elite.networks.id", ondelete="CASCADE"), index=True)
    connected_user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    relationship_type: Mapped[str] = mapped_column()  # one of INVESTOR, ADVISOR, PARTNER, BOARD_MEMBER
    value: Mapped[Money | None] = mapped_column()
    established_at: Mapped[Created] = mapped_column()
    last_contact: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")


class Event(Base):
    """Where members of a network meet. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "events"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    network_id: Mapped[str] = mapped_column(ForeignKey("elite.networks.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)  # one of SUMMIT, GALA, FORUM, RETREAT
    start_date: Mapped[datetime] = mapped_column()
    end_date: Mapped[datetime] = mapped_column()
    venue: Mapped[Document | None] = mapped_column()
    is_invite_only: Mapped[bool] = mapped_column(server_default=true())
    max_attendees: Mapped[int | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="SCHEDULED")
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Opportunity(Base):
    """What a network offers its members. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "opportunities"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    network_id: Mapped[str] = mapped_column(ForeignKey("elite.networks.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)  # one of INVESTMENT, ACQUISITION, PARTNERSHIP, DEAL
    minimum_investment: Mapped[Money | None] = mapped_column()
    expected_return: Mapped[Money | None] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    deadline: Mapped[datetime | None] = mapped_column()
    is_confidential: Mapped[bool] = mapped_column(server_default=true())
    status: Mapped[str] = mapped_column(server_default="AVAILABLE")
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
