"""The domain estate, of the sector real estate."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Texts, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("estate", schema="estate", role="tec_estate", reads=("shared.users",))


class EstateFacade(Facade):
    """The service's tables, by name."""

    properties: Table
    listings: Table
    valuations: Table
    offers: Table
    contracts: Table


db = EstateFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Property(Base):
    """A house, a piece of land, or another real estate."""

    __tablename__ = "properties"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    owner_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    property_type: Mapped[str] = mapped_column(index=True)  # one of HOUSE, APARTMENT, CONDO, LAND, COMMERCIAL
    address: Mapped[Document] = mapped_column()
    location: Mapped[Document] = mapped_column()
    price: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    specifications: Mapped[Document] = mapped_column()
    amenities: Mapped[Texts | None] = mapped_column()
    images: Mapped[Texts | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="AVAILABLE", index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Listing(Base):
    """That a property is for sale or for rent. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "listings"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    property_id: Mapped[str] = mapped_column(ForeignKey("estate.properties.id", ondelete="CASCADE"), index=True)
    listing_type: Mapped[str] = mapped_column(index=True)  # one of SALE, RENT, LEASE
    price: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    listed_date: Mapped[Created] = mapped_column()
    expiry_date: Mapped[datetime | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    views: Mapped[int] = mapped_column(server_default=text("0"))
    inquiries: Mapped[int] = mapped_column(server_default=text("0"))
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Valuation(Base):
    """What a property was found to be worth. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "valuations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    property_id: Mapped[str] = mapped_column(ForeignKey("estate.properties.id", ondelete="CASCADE"), index=True)
    valuation_type: Mapped[str] = mapped_column(index=True)  # one of MARKET, ASSESSED, APPRAISAL
    value: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    valued_by: Mapped[str | None] = mapped_column()
    methodology: Mapped[str | None] = mapped_column()
    valuation_date: Mapped[Created] = mapped_column()
    notes: Mapped[str | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")


class Offer(Base):
    """What somebody would pay for a property. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "offers"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    property_id: Mapped[str] = mapped_column(ForeignKey("estate.properties.id", ondelete="CASCADE"), index=True)
    buyer_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    offer_amount: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    terms: Mapped[Document | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="PENDING", index=True)
    submitted_at: Mapped[Created] = mapped_column()
    responded_at: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")


class Contract(Base):
    """What an offer has led to."""

    __tablename__ = "contracts"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    offer_id: Mapped[str] = mapped_column(ForeignKey("estate.offers.id", ondelete="CASCADE"), index=True)
    contract_type: Mapped[str] = mapped_column()  # one of SALE, LEASE, RENT
    contract_number: Mapped[str] = mapped_column(unique=True)
    terms: Mapped[Document] = mapped_column()
    signed_date: Mapped[datetime | None] = mapped_column()
    effective_date: Mapped[datetime | None] = mapped_column()
    expiry_date: Mapped[datetime | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="DRAFT", index=True)
    document_url: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
