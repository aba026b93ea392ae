"""What all domains share: users, payments, products and orders, business units, and what was audited."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Texts, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference
from payrollx_db.model.reading import marked, protected, readable

service = Service("shared", schema="shared", role="tec_shared")


class SharedFacade(Facade):
    """The service's tables, by name."""

    users: Table
    payments: Table
    nfts: Table
    products: Table
    carts: Table
    cart_items: Table
    orders: Table
    order_items: Table
    business_units: Table
    business_unit_pages: Table
    business_unit_features: Table
    user_activities: Table
    subscriptions: Table
    audit_logs: Table
    system_control: Table
    transfers: Table


db = SharedFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class User(Base):
    """Someone who uses TEC. ``piId`` is who they are at Pi."""

    __tablename__ = "users"
    __table_args__ = HERE | marked(readable("id", "username", "tier", "status", "language"))

    id: Mapped[Key] = mapped_column()
    pi_id: Mapped[str] = mapped_column(unique=True)
    username: Mapped[str] = mapped_column()
    email: Mapped[str | None] = mapped_column(unique=True)
    wallet_address: Mapped[str | None] = mapped_column(unique=True)
    tier: Mapped[str] = mapped_column(server_default="STANDARD", index=True)
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    language: Mapped[str] = mapped_column(server_default="en")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    last_login_at: Mapped[datetime | None] = mapped_column()


class Payment(Base):
    """A payment through Pi.

    It is protected: nobody but its owner writes it. ``metadata_`` is the column ``metadata``.
    """

    __tablename__ = "payments"
    __table_args__ = HERE | marked(
        readable("id", "user_id", "amount", "currency", "pi_tx_id", "status", "domain"), protected()
    )

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("shared.users.id", ondelete="RESTRICT"), index=True)
    amount: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    pi_tx_id: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(server_default="PENDING", index=True)
    domain: Mapped[str] = mapped_column(index=True, info=loose_reference("tec.domains.name"))
    category: Mapped[str] = mapped_column()
    description: Mapped[str | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    completed_at: Mapped[datetime | None] = mapped_column()


class NFT(Base):
    """A certificate of something that a user owns. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "nfts"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    token_id: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("shared.users.id", ondelete="RESTRICT"), index=True)
    domain_name: Mapped[str] = mapped_column(index=True)
    certificate_type: Mapped[str] = mapped_column(server_default="ownership")
    metadata_: Mapped[Document] = mapped_column("metadata")
    image_url: Mapped[str | None] = mapped_column()
    minted_at: Mapped[Created] = mapped_column()
    tx_hash: Mapped[str | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="MINTING")


class Product(Base):
    """Something to sell."""

    __tablename__ = "products"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    # one of estate, commerce, explorer, fundx
    domain: Mapped[str] = mapped_column(index=True, info=loose_reference("tec.domains.name"))
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    price: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    images: Mapped[Texts | None] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)
    subcategory: Mapped[str | None] = mapped_column()
    specifications: Mapped[Document | None] = mapped_column()
    location: Mapped[Document | None] = mapped_column()
    stock: Mapped[int] = mapped_column(server_default=text("1"))
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)  # one of ACTIVE, SOLD, PENDING
    seller_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Cart(Base):
    """What a user is about to buy."""

    __tablename__ = "carts"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(unique=True, info=loose_reference("shared.users.id"))
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class CartItem(Base):
    """One product in a cart."""

    __tablename__ = "cart_items"
    __table_args__ = (UniqueConstraint("cart_id", "product_id"), HERE)

    id: Mapped[Key] = mapped_column()
    cart_id: Mapped[str] = mapped_column(ForeignKey("shared.carts.id", ondelete="CASCADE"))
    product_id: Mapped[str] = mapped_column(ForeignKey("shared.products.id", ondelete="RESTRICT"), index=True)
    quantity: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[Created] = mapped_column()


class Order(Base):
    """What somebody has ordered."""

    __tablename__ = "orders"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    order_number: Mapped[str] = mapped_column(unique=True)
    total: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    pi_payment_id: Mapped[str | None] = mapped_column()
    pi_tx_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("shared.payments.pi_tx_id"))
    # one of PENDING, PAID, PROCESSING, SHIPPED, DELIVERED, CANCELLED
    status: Mapped[str] = mapped_column(server_default="PENDING", index=True)
    shipping_info: Mapped[Document | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    paid_at: Mapped[datetime | None] = mapped_column()


class OrderItem(Base):
    """One product of an order."""

    __tablename__ = "order_items"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    order_id: Mapped[str] = mapped_column(ForeignKey("shared.orders.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("shared.products.id", ondelete="RESTRICT"), index=True)
    quantity: Mapped[int] = mapped_column()
    price: Mapped[Money] = mapped_column()


class BusinessUnit(Base):
    """A part of the business, with its pages."""

    __tablename__ = "business_units"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    key: Mapped[str] = mapped_column(unique=True)  # one of fundx, explorer, commerce
    name: Mapped[str] = mapped_column()  # one of FundX, Explorer, Commerce
    display_name: Mapped[str] = mapped_column()
    icon: Mapped[str] = mapped_column()
    tagline: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    color: Mapped[str] = mapped_column()
    # one of ACTIVE, MAINTENANCE, COMING_SOON
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    views: Mapped[int] = mapped_column(server_default=text("0"))
    visits: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class BusinessUnitPage(Base):
    """A page of a business unit."""

    __tablename__ = "business_unit_pages"
    __table_args__ = (UniqueConstraint("business_unit_id", "path"), HERE)

    id: Mapped[Key] = mapped_column()
    business_unit_id: Mapped[str] = mapped_column(
        ForeignKey("shared.business_units.id", ondelete="CASCADE"), index=True
    )
    path: Mapped[str] = mapped_column()
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    views: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class BusinessUnitFeature(Base):
    """A feature that a business unit shows."""

    __tablename__ = "business_unit_features"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    business_unit_id: Mapped[str] = mapped_column(
        ForeignKey("shared.business_units.id", ondelete="CASCADE"), index=True
    )
    icon: Mapped[str] = mapped_column()
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    order: Mapped[int] = mapped_column(server_default=text("0"))


class UserActivity(Base):
    """What a user did on a page. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "user_activities"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    # one of fundx, explorer
    business_unit: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.business_units.key"))
    page: Mapped[str] = mapped_column()
    action: Mapped[str] = mapped_column()  # one of VIEW, CLICK, PURCHASE
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column(index=True)


class Subscription(Base):
    """A plan that a user pays for."""

    __tablename__ = "subscriptions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    # one of fundx, explorer
    business_unit: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.business_units.key"))
    plan: Mapped[str] = mapped_column()  # one of FREE, BASIC, PREMIUM, ENTERPRISE
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)  # one of ACTIVE, CANCELLED, EXPIRED
    start_date: Mapped[Created] = mapped_column()
    end_date: Mapped[datetime | None] = mapped_column()
    amount: Mapped[Money | None] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    pi_tx_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("shared.payments.pi_tx_id"))
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class AuditLog(Base):
    """An operation, whether it was approved, and why not."""

    __tablename__ = "audit_logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    operation_type: Mapped[str] = mapped_column(index=True)
    operation_data: Mapped[Document] = mapped_column()
    approved: Mapped[bool] = mapped_column(index=True)
    rejection_reason: Mapped[str | None] = mapped_column()
    hash: Mapped[str] = mapped_column(unique=True)
    identity_verified: Mapped[bool] = mapped_column()
    identity_reason: Mapped[str | None] = mapped_column()
    operation_valid: Mapped[bool] = mapped_column()
    validation_errors: Mapped[Texts | None] = mapped_column()
    risk_level: Mapped[str] = mapped_column()
    suspicious: Mapped[bool] = mapped_column()
    suspicion_indicators: Mapped[Texts | None] = mapped_column()
    threat_level: Mapped[str | None] = mapped_column()
    request_ip: Mapped[str | None] = mapped_column()
    request_user_agent: Mapped[str | None] = mapped_column()
    request_origin: Mapped[str | None] = mapped_column()
    domain: Mapped[str | None] = mapped_column(index=True, info=loose_reference("tec.domains.name"))
    context: Mapped[Document | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column(index=True)


class SystemControl(Base):
    """Whether transfers may go on. It is meant to hold one row."""

    __tablename__ = "system_control"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    integrity_level: Mapped[str] = mapped_column(server_default="NORMAL")  # one of NORMAL, WARNING, CRITICAL, LOCKED
    circuit_breaker_active: Mapped[bool] = mapped_column(server_default=false())
    manual_override: Mapped[bool] = mapped_column(server_default=false())
    lock_reason: Mapped[str | None] = mapped_column()
    locked_by: Mapped[str | None] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    locked_at: Mapped[datetime | None] = mapped_column()
    total_pending_transfers: Mapped[int] = mapped_column(server_default=text("0"))
    total_frozen_value: Mapped[Money] = mapped_column(server_default=text("0"))
    anomaly_count: Mapped[int] = mapped_column(server_default=text("0"))
    last_anomaly_detected: Mapped[datetime | None] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    created_at: Mapped[Created] = mapped_column()


class Transfer(Base):
    """What moves from one user and domain to another."""

    __tablename__ = "transfers"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    source_user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    target_user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    source_domain: Mapped[str] = mapped_column(index=True, info=loose_reference("tec.domains.name"))
    target_domain: Mapped[str] = mapped_column(index=True, info=loose_reference("tec.domains.name"))
    amount: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    # one of PENDING, APPROVED, COMPLETED, FROZEN, REJECTED
    status: Mapped[str] = mapped_column(server_default="PENDING", index=True)
    source_audit_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("shared.audit_logs.id"))
    target_audit_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("shared.audit_logs.id"))
    source_approved: Mapped[bool] = mapped_column(server_default=false())
    target_approved: Mapped[bool] = mapped_column(server_default=false())
    risk_level: Mapped[str | None] = mapped_column()
    suspicious: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[Created] = mapped_column(index=True)
    approved_at: Mapped[datetime | None] = mapped_column()
    completed_at: Mapped[datetime | None] = mapped_column()
    frozen_at: Mapped[datetime | None] = mapped_column()
