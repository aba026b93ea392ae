"""The domain brookfield, of the sector real estate."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, false
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Texts, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("brookfield", schema="brookfield", role="tec_brookfield", reads=("shared.users",))


class BrookfieldFacade(Facade):
    """The service's tables, by name."""

    properties: Table
    listings: Table
    valuations: Table
    offers: Table
    contracts: Table


db = BrookfieldFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Property(Base):
    """A house, a piece of land, or another real estate."""

    __tablename__ = "properties"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    owner_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    name: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    property_class: Mapped[str] = mapped_column(index=True)  # one of LUXURY, COMMERCIAL, INDUSTRIAL, MIXED_USE
    location: Mapped[Document] = mapped_column()
    price: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    specifications: Mapped[Document] = mapped_column()
    features: Mapped[Texts | None] = mapped_column()
    images: Mapped[Texts | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="AVAILABLE", index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Listing(Base):
    """That a property is for sale or for rent. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "listings"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    property_id: Mapped[str] = mapped_column(ForeignKey("brookfield.properties.id", ondelete="CASCADE"), index=True)
    listing_type: Mapped[str] = mapped_column(index=True)  # one of SALE, LEASE, INVESTMENT
    asking_price: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    is_exclusive: Mapped[bool] = mapped_column(server_default=false())
    listed_date: Mapped[Created] = mapped_column()
    expiry_date: Mapped[datetime | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Valuation(Base):
    """What a property was found to be worth."""

    __tablename__ = "valuations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    property_id: Mapped[str] = mapped_column(ForeignKey("brookfield.properties.id", ondelete="CASCADE"), index=True)
    valuation_type: Mapped[str] = mapped_column()  # one of INVESTMENT, MARKET, INSURANCE
    estimated_value: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    assessor: Mapped[str | None] = mapped_column()
    report: Mapped[Document | None] = mapped_column()
    valuation_date: Mapped[Created] = mapped_column()


class Offer(Base):
    """What somebody would pay for a property."""

    __tablename__ = "offers"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    property_id: Mapped[str] = mapped_column(ForeignKey("brookfield.properties.id", ondelete="CASCADE"), index=True)
    investor_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    offer_price: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    conditions: Mapped[Document | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="SUBMITTED")
    submitted_at: Mapped[Created] = mapped_column()
    reviewed_at: Mapped[datetime | None] = mapped_column()


class Contract(Base):
    """What an offer has led to."""

    __tablename__ = "contracts"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    offer_id: Mapped[str] = mapped_column(ForeignKey("brookfield.offers.id", ondelete="CASCADE"), index=True)
    contract_type: Mapped[str] = mapped_column()  # one of PURCHASE, LEASE, PARTNERSHIP
    reference_number: Mapped[str] = mapped_column(unique=True)
    terms: Mapped[Document] = mapped_column()
    executed_date: Mapped[datetime | None] = mapped_column()
    closing_date: Mapped[datetime | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="DRAFT")
    document_url: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
