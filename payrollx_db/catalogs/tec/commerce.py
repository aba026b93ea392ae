"""The domain commerce, of the sector commerce."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Texts, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("commerce", schema="commerce", role="tec_commerce", reads=("shared.users",))


class CommerceFacade(Facade):
    """The service's tables, by name."""

    products: Table
    orders: Table
    inventory: Table
    suppliers: Table
    shipments: Table


db = CommerceFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Product(Base):
    """Something to sell."""

    __tablename__ = "products"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    seller_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    sku: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)
    price: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    specifications: Mapped[Document | None] = mapped_column()
    images: Mapped[Texts | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Order(Base):
    """What somebody has ordered. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "orders"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    product_id: Mapped[str] = mapped_column(ForeignKey("commerce.products.id", ondelete="RESTRICT"), index=True)
    buyer_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    order_number: Mapped[str] = mapped_column(unique=True)
    quantity: Mapped[int] = mapped_column()
    unit_price: Mapped[Money] = mapped_column()
    total_amount: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    status: Mapped[str] = mapped_column(server_default="PENDING", index=True)
    order_date: Mapped[Created] = mapped_column()
    delivery_date: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Inventory(Base):
    """How much there is of a product."""

    __tablename__ = "inventory"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    product_id: Mapped[str] = mapped_column(ForeignKey("commerce.products.id", ondelete="CASCADE"), unique=True)
    quantity_on_hand: Mapped[int] = mapped_column(server_default=text("0"))
    quantity_reserved: Mapped[int] = mapped_column(server_default=text("0"))
    reorder_level: Mapped[int] = mapped_column(server_default=text("0"))
    reorder_quantity: Mapped[int] = mapped_column(server_default=text("0"))
    location: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Supplier(Base):
    """Who delivers a product."""

    __tablename__ = "suppliers"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    product_id: Mapped[str] = mapped_column(ForeignKey("commerce.products.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column()
    contact_person: Mapped[str | None] = mapped_column()
    email: Mapped[str | None] = mapped_column()
    phone: Mapped[str | None] = mapped_column()
    address: Mapped[Document | None] = mapped_column()
    lead_time: Mapped[int | None] = mapped_column()
    minimum_order: Mapped[int | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Shipment(Base):
    """How an order gets to its buyer. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "shipments"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    order_id: Mapped[str] = mapped_column(ForeignKey("commerce.orders.id", ondelete="CASCADE"), index=True)
    tracking_number: Mapped[str] = mapped_column(unique=True)
    carrier: Mapped[str] = mapped_column()
    method: Mapped[str] = mapped_column()  # one of STANDARD, EXPRESS, OVERNIGHT
    origin: Mapped[Document | None] = mapped_column()
    destination: Mapped[Document | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="PENDING", index=True)
    shipped_date: Mapped[datetime | None] = mapped_column()
    delivered_date: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
