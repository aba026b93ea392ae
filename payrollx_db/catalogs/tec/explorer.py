"""The domain explorer, of the sector travel."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Documents, Key, Texts, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("explorer", schema="explorer", role="tec_explorer", reads=("shared.users",))


class ExplorerFacade(Facade):
    """The service's tables, by name."""

    destinations: Table
    bookings: Table
    itineraries: Table
    experiences: Table
    travels: Table


db = ExplorerFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Destination(Base):
    """A place to travel to. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "destinations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column()
    country: Mapped[str] = mapped_column(index=True)
    city: Mapped[str | None] = mapped_column()
    region: Mapped[str | None] = mapped_column()
    description: Mapped[str] = mapped_column()
    highlights: Mapped[Texts | None] = mapped_column()
    images: Mapped[Texts | None] = mapped_column()
    location: Mapped[Document] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)  # one of ADVENTURE, LUXURY, CULTURE, NATURE
    rating: Mapped[float | None] = mapped_column()
    review_count: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Booking(Base):
    """A user's booking of a destination. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "bookings"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    destination_id: Mapped[str] = mapped_column(ForeignKey("explorer.destinations.id", ondelete="RESTRICT"), index=True)
    booking_number: Mapped[str] = mapped_column(unique=True)
    booking_type: Mapped[str] = mapped_column()  # one of FLIGHT, HOTEL, PACKAGE, TOUR
    check_in_date: Mapped[datetime] = mapped_column()
    check_out_date: Mapped[datetime] = mapped_column()
    guests: Mapped[int] = mapped_column(server_default=text("1"))
    total_price: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    status: Mapped[str] = mapped_column(server_default="PENDING", index=True)
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    booked_at: Mapped[Created] = mapped_column()
    confirmed_at: Mapped[datetime | None] = mapped_column()


class Itinerary(Base):
    """One day of a booking."""

    __tablename__ = "itineraries"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    booking_id: Mapped[str] = mapped_column(ForeignKey("explorer.bookings.id", ondelete="CASCADE"), index=True)
    day: Mapped[int] = mapped_column()
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    activities: Mapped[Documents | None] = mapped_column()
    start_time: Mapped[datetime] = mapped_column()
    end_time: Mapped[datetime] = mapped_column()
    location: Mapped[Document | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Experience(Base):
    """What there is to do at a destination."""

    __tablename__ = "experiences"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    destination_id: Mapped[str] = mapped_column(ForeignKey("explorer.destinations.id", ondelete="RESTRICT"), index=True)
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    type: Mapped[str] = mapped_column(index=True)  # one of TOUR, ACTIVITY, DINING, ENTERTAINMENT
    duration: Mapped[int | None] = mapped_column()
    price: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    max_participants: Mapped[int | None] = mapped_column()
    images: Mapped[Texts | None] = mapped_column()
    rating: Mapped[float | None] = mapped_column()
    review_count: Mapped[int] = mapped_column(server_default=text("0"))
    availability: Mapped[Document | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="AVAILABLE", index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Travel(Base):
    """That a user takes part in an experience. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "travels"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    experience_id: Mapped[str] = mapped_column(ForeignKey("explorer.experiences.id", ondelete="RESTRICT"), index=True)
    travel_date: Mapped[datetime] = mapped_column()
    participants: Mapped[int] = mapped_column(server_default=text("1"))
    total_paid: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    status: Mapped[str] = mapped_column(server_default="SCHEDULED", index=True)
    review: Mapped[Document | None] = mapped_column()
    rating: Mapped[float | None] = mapped_column()
    completed_at: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
