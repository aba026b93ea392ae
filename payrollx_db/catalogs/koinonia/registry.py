"""The registry: the churches, where each one's tables are, and how a call finds its church."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Key, Updated
from payrollx_db.catalogs.koinonia.base import CATALOG, Base, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service
from payrollx_db.model.reading import secret

service = Service("registry", schema="registry", role="koinonia_registry")


class RegistryFacade(Facade):
    """The service's tables, by name."""

    churches: Table
    tenants: Table
    phone_number_registry: Table
    admin_email_index: Table


db = RegistryFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Church(Base):
    """A church: its number, what its carrier and registration are at, and its trial."""

    __tablename__ = "churches"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column()
    email: Mapped[str] = mapped_column(unique=True)
    stripe_customer_id: Mapped[str | None] = mapped_column(unique=True)
    telnyx_phone_number: Mapped[str | None] = mapped_column(index=True)
    telnyx_number_sid: Mapped[str | None] = mapped_column(unique=True)
    telnyx_webhook_id: Mapped[str | None] = mapped_column()
    telnyx_verified: Mapped[bool] = mapped_column(server_default=false())
    telnyx_purchased_at: Mapped[datetime | None] = mapped_column()
    telnyx_phone_linking_status: Mapped[str] = mapped_column(server_default="pending", index=True)
    telnyx_phone_linking_last_attempt: Mapped[datetime | None] = mapped_column()
    telnyx_phone_linking_retry_count: Mapped[int] = mapped_column(server_default=text("0"))
    telnyx_phone_linking_error: Mapped[str | None] = mapped_column()
    telnyx_number_status: Mapped[str] = mapped_column(server_default="active", index=True)
    telnyx_number_deleted_at: Mapped[datetime | None] = mapped_column()
    telnyx_number_deleted_by: Mapped[str | None] = mapped_column()
    telnyx_number_recovery_deadline: Mapped[datetime | None] = mapped_column(index=True)
    rcs_agent_id: Mapped[str | None] = mapped_column()
    rcs_agent_webhook_configured: Mapped[bool] = mapped_column(server_default=false())
    dlc_brand_id: Mapped[str | None] = mapped_column()
    tcr_brand_id: Mapped[str | None] = mapped_column()
    dlc_status: Mapped[str] = mapped_column(server_default="pending", index=True)
    dlc_registered_at: Mapped[datetime | None] = mapped_column()
    dlc_approved_at: Mapped[datetime | None] = mapped_column()
    dlc_rejection_reason: Mapped[str | None] = mapped_column()
    dlc_next_check_at: Mapped[datetime | None] = mapped_column(index=True)
    dlc_campaign_id: Mapped[str | None] = mapped_column()
    dlc_campaign_status: Mapped[str | None] = mapped_column()
    dlc_number_assigned_at: Mapped[datetime | None] = mapped_column()
    dlc_campaign_suspended: Mapped[bool] = mapped_column(server_default=false())
    dlc_campaign_suspended_at: Mapped[datetime | None] = mapped_column()
    dlc_campaign_suspended_reason: Mapped[str | None] = mapped_column()
    using_shared_brand: Mapped[bool] = mapped_column(server_default=false())
    wants_premium_delivery: Mapped[bool] = mapped_column(server_default=true())
    delivery_rate: Mapped[float] = mapped_column(server_default=text("0.99"))
    ein: Mapped[str | None] = mapped_column()
    ein_hash: Mapped[str | None] = mapped_column()
    ein_encrypted_at: Mapped[datetime | None] = mapped_column()
    ein_accessed_at: Mapped[datetime | None] = mapped_column()
    ein_accessed_by: Mapped[str | None] = mapped_column()
    brand_phone_number: Mapped[str | None] = mapped_column()
    street_address: Mapped[str | None] = mapped_column()
    city: Mapped[str | None] = mapped_column()
    state: Mapped[str | None] = mapped_column()
    postal_code: Mapped[str | None] = mapped_column()
    website: Mapped[str | None] = mapped_column()
    entity_type: Mapped[str] = mapped_column(server_default="NON_PROFIT")
    vertical: Mapped[str] = mapped_column(server_default="RELIGION")
    trial_ends_at: Mapped[datetime] = mapped_column(index=True)
    subscription_status: Mapped[str] = mapped_column(server_default="trial", index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Tenant(Base):
    """A church as a tenant: where its tables are, its plan, and whether it is let in. Its id is the church's."""

    __tablename__ = "tenants"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    church_id: Mapped[str] = mapped_column(ForeignKey("registry.churches.id", ondelete="CASCADE"), unique=True)
    name: Mapped[str] = mapped_column()
    email: Mapped[str] = mapped_column(unique=True)
    database_url: Mapped[str | None] = mapped_column(info=secret())
    database_host: Mapped[str | None] = mapped_column()
    database_port: Mapped[int] = mapped_column(server_default=text("5432"))
    database_name: Mapped[str | None] = mapped_column()
    schema: Mapped[str | None] = mapped_column()
    # one of trial, active, paused, cancelled
    subscription_status: Mapped[str] = mapped_column(server_default="trial")
    # one of starter, growth, pro
    subscription_plan: Mapped[str] = mapped_column(server_default="starter", index=True)
    trial_ends_at: Mapped[datetime | None] = mapped_column()
    telnyx_phone_number: Mapped[str | None] = mapped_column(unique=True)
    telnyx_number_sid: Mapped[str | None] = mapped_column(unique=True)
    # one of active, suspended, archived, deleted
    status: Mapped[str] = mapped_column(server_default="active", index=True)
    schema_version: Mapped[str] = mapped_column(server_default="1.0.0")
    created_at: Mapped[Created] = mapped_column(index=True)
    updated_at: Mapped[Updated] = mapped_column()
    last_accessed_at: Mapped[Created] = mapped_column()


class PhoneNumberRegistry(Base):
    """Whose number it is that a message came to."""

    __tablename__ = "phone_number_registry"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    phone_number: Mapped[str] = mapped_column(unique=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("registry.tenants.id", ondelete="CASCADE"), index=True)
    registered_at: Mapped[Created] = mapped_column(index=True)
    assigned_at: Mapped[Created] = mapped_column()


class AdminEmailIndex(Base):
    """In which tenant the admin is who logs in with an e-mail address."""

    __tablename__ = "admin_email_index"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    email_hash: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str] = mapped_column(unique=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("registry.tenants.id", ondelete="CASCADE"), index=True)
    admin_id: Mapped[str] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
