"""The domain connection, of the sector networking."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Texts, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("connection", schema="connection", role="tec_connection", reads=("shared.users",))


class ConnectionFacade(Facade):
    """The service's tables, by name."""

    networks: Table
    contacts: Table
    relationships: Table
    events: Table
    opportunities: Table


db = ConnectionFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Network(Base):
    """A user among others. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "networks"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(unique=True, info=loose_reference("shared.users.id"))
    display_name: Mapped[str] = mapped_column()
    bio: Mapped[str | None] = mapped_column()
    industry: Mapped[str | None] = mapped_column(index=True)
    location: Mapped[Document | None] = mapped_column()
    connections: Mapped[int] = mapped_column(server_default=text("0"))
    followers: Mapped[int] = mapped_column(server_default=text("0"))
    following: Mapped[int] = mapped_column(server_default=text("0"))
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Contact(Base):
    """Somebody whom a user knows."""

    __tablename__ = "contacts"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    network_id: Mapped[str] = mapped_column(ForeignKey("connection.networks.id", ondelete="CASCADE"), index=True)
    contact_user_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    name: Mapped[str] = mapped_column()
    email: Mapped[str | None] = mapped_column()
    phone: Mapped[str | None] = mapped_column()
    company: Mapped[str | None] = mapped_column()
    position: Mapped[str | None] = mapped_column()
    tags: Mapped[Texts | None] = mapped_column()
    notes: Mapped[str | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Relationship(Base):
    """How two users are joined. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "relationships"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    network_id: Mapped[str] = mapped_column(ForeignKey("connection.networks.id", ondelete="CASCADE"), index=True)
    connected_user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    relationship_type: Mapped[str] = mapped_column()  # one of COLLEAGUE, PARTNER, FRIEND, MENTOR
    strength: Mapped[int] = mapped_column(server_default=text("50"))
    connected_at: Mapped[Created] = mapped_column()
    last_interaction: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")


class Event(Base):
    """Where members of a network meet. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "events"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    network_id: Mapped[str] = mapped_column(ForeignKey("connection.networks.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    event_type: Mapped[str] = mapped_column(index=True)  # one of CONFERENCE, MEETUP, WEBINAR, WORKSHOP
    start_date: Mapped[datetime] = mapped_column(index=True)
    end_date: Mapped[datetime] = mapped_column()
    location: Mapped[Document | None] = mapped_column()
    attendees: Mapped[int] = mapped_column(server_default=text("0"))
    capacity: Mapped[int | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="UPCOMING")
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Opportunity(Base):
    """What a network offers its members. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "opportunities"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    network_id: Mapped[str] = mapped_column(ForeignKey("connection.networks.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    opportunity_type: Mapped[str] = mapped_column(index=True)  # one of JOB, PARTNERSHIP, INVESTMENT, COLLABORATION
    value: Mapped[Money | None] = mapped_column()
    currency: Mapped[str | None] = mapped_column(server_default="PI")
    deadline: Mapped[datetime | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="OPEN", index=True)
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
