"""The domain ecommerce, of the sector commerce."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Documents, Key, Texts, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("ecommerce", schema="ecommerce", role="tec_ecommerce", reads=("shared.users",))


class EcommerceFacade(Facade):
    """The service's tables, by name."""

    products: Table
    orders: Table
    inventory: Table
    suppliers: Table
    shipments: Table


db = EcommerceFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Product(Base):
    """Something to sell."""

    __tablename__ = "products"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    seller_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    name: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    brand: Mapped[str | None] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)
    subcategory: Mapped[str | None] = mapped_column()
    price: Mapped[Money] = mapped_column()
    sale_price: Mapped[Money | None] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    images: Mapped[Texts | None] = mapped_column()
    specifications: Mapped[Document | None] = mapped_column()
    rating: Mapped[float | None] = mapped_column()
    review_count: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Order(Base):
    """What somebody has ordered. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "orders"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    product_id: Mapped[str] = mapped_column(ForeignKey("ecommerce.products.id", ondelete="RESTRICT"), index=True)
    customer_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    order_number: Mapped[str] = mapped_column(unique=True)
    quantity: Mapped[int] = mapped_column()
    item_price: Mapped[Money] = mapped_column()
    total_amount: Mapped[Money] = mapped_column()
    tax: Mapped[Money] = mapped_column(server_default=text("0"))
    shipping: Mapped[Money] = mapped_column(server_default=text("0"))
    currency: Mapped[str] = mapped_column(server_default="PI")
    status: Mapped[str] = mapped_column(server_default="PENDING", index=True)
    shipping_address: Mapped[Document] = mapped_column()
    billing_address: Mapped[Document | None] = mapped_column()
    order_date: Mapped[Created] = mapped_column()
    paid_date: Mapped[datetime | None] = mapped_column()
    delivered_date: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Inventory(Base):
    """How much there is of a product."""

    __tablename__ = "inventory"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    product_id: Mapped[str] = mapped_column(ForeignKey("ecommerce.products.id", ondelete="CASCADE"), unique=True)
    quantity: Mapped[int] = mapped_column(server_default=text("0"))
    reserved: Mapped[int] = mapped_column(server_default=text("0"))
    available: Mapped[int] = mapped_column(server_default=text("0"))
    low_stock_threshold: Mapped[int] = mapped_column(server_default=text("10"))
    warehouse_location: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Supplier(Base):
    """Who delivers a product."""

    __tablename__ = "suppliers"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column()
    company_name: Mapped[str] = mapped_column()
    email: Mapped[str] = mapped_column()
    phone: Mapped[str | None] = mapped_column()
    address: Mapped[Document | None] = mapped_column()
    products_supplied: Mapped[int] = mapped_column(server_default=text("0"))
    rating: Mapped[float | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Shipment(Base):
    """How an order gets to its buyer."""

    __tablename__ = "shipments"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    order_id: Mapped[str] = mapped_column(ForeignKey("ecommerce.orders.id", ondelete="CASCADE"), index=True)
    tracking_number: Mapped[str] = mapped_column(unique=True)
    carrier: Mapped[str] = mapped_column()
    shipping_method: Mapped[str] = mapped_column()  # one of STANDARD, EXPRESS, SAME_DAY
    estimated_delivery: Mapped[datetime] = mapped_column()
    actual_delivery: Mapped[datetime | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="PREPARING", index=True)
    tracking_events: Mapped[Documents | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
