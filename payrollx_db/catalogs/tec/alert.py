"""The domain alert, of the sector technology."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service as CatalogService
from payrollx_db.model.catalog import loose_reference
from payrollx_db.model.reading import secret

service = CatalogService("alert", schema="alert", role="tec_alert", reads=("shared.users",))


class AlertFacade(Facade):
    """The service's tables, by name."""

    services: Table
    metrics: Table
    logs: Table
    configurations: Table
    integrations: Table


db = AlertFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Service(Base):
    """Something that runs, or that a user has set up. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "services"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    name: Mapped[str] = mapped_column()
    type: Mapped[str] = mapped_column(index=True)  # one of EMAIL, SMS, PUSH, WEBHOOK
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Metric(Base):
    """A measurement of a service at one moment."""

    __tablename__ = "metrics"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("alert.services.id", ondelete="CASCADE"), index=True)
    alerts_sent: Mapped[int] = mapped_column()
    alerts_failed: Mapped[int] = mapped_column()
    alerts_read: Mapped[int] = mapped_column()
    response_time: Mapped[float] = mapped_column()
    timestamp: Mapped[Created] = mapped_column(index=True)


class Log(Base):
    """What a service logged. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("alert.services.id", ondelete="CASCADE"), index=True)
    alert_type: Mapped[str] = mapped_column(index=True)  # one of INFO, WARNING, ERROR, CRITICAL
    recipient: Mapped[str] = mapped_column()
    subject: Mapped[str] = mapped_column()
    message: Mapped[str] = mapped_column()
    delivery_status: Mapped[str] = mapped_column(server_default="PENDING", index=True)
    read_at: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    sent_at: Mapped[Created] = mapped_column()


class Configuration(Base):
    """One setting of a service."""

    __tablename__ = "configurations"
    __table_args__ = (UniqueConstraint("service_id", "setting_name"), HERE)

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("alert.services.id", ondelete="CASCADE"), index=True)
    setting_name: Mapped[str] = mapped_column()
    setting_value: Mapped[str] = mapped_column()
    is_active: Mapped[bool] = mapped_column(server_default=true())
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Integration(Base):
    """What a service is joined with. Its credentials are the domain's alone."""

    __tablename__ = "integrations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("alert.services.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str] = mapped_column(index=True)  # one of SENDGRID, TWILIO, FIREBASE, SLACK
    type: Mapped[str] = mapped_column()  # one of EMAIL, SMS, PUSH, WEBHOOK
    api_key: Mapped[str | None] = mapped_column(info=secret())
    config: Mapped[Document | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    last_used_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
