"""The domain system, of the sector technology."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service as CatalogService
from payrollx_db.model.reading import secret

service = CatalogService("system", schema="system", role="tec_system")


class SystemFacade(Facade):
    """The service's tables, by name."""

    services: Table
    metrics: Table
    logs: Table
    configurations: Table
    integrations: Table


db = SystemFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Service(Base):
    """Something that runs, or that a user has set up."""

    __tablename__ = "services"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str] = mapped_column(index=True)  # one of CORE, API, WORKER, CRON, QUEUE
    version: Mapped[str] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="RUNNING", index=True)
    health_check_url: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Metric(Base):
    """A measurement of a service at one moment."""

    __tablename__ = "metrics"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("system.services.id", ondelete="CASCADE"), index=True)
    metric_type: Mapped[str] = mapped_column(index=True)  # one of CPU, MEMORY, DISK, NETWORK, CUSTOM
    name: Mapped[str] = mapped_column()
    value: Mapped[float] = mapped_column()
    unit: Mapped[str] = mapped_column()
    threshold: Mapped[float | None] = mapped_column()
    timestamp: Mapped[Created] = mapped_column(index=True)


class Log(Base):
    """What a service logged."""

    __tablename__ = "logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("system.services.id", ondelete="CASCADE"), index=True)
    level: Mapped[str] = mapped_column(index=True)  # one of INFO, WARN, ERROR, CRITICAL
    message: Mapped[str] = mapped_column()
    source: Mapped[str] = mapped_column()
    stack_trace: Mapped[str | None] = mapped_column()
    context: Mapped[Document | None] = mapped_column()
    timestamp: Mapped[Created] = mapped_column(index=True)


class Configuration(Base):
    """One setting of a service. Some values are encrypted (``is_encrypted``), so that none is for others."""

    __tablename__ = "configurations"
    __table_args__ = (UniqueConstraint("service_id", "key"), HERE)

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("system.services.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column()
    value: Mapped[str] = mapped_column(info=secret())
    value_type: Mapped[str] = mapped_column()  # one of STRING, NUMBER, BOOLEAN, JSON
    is_encrypted: Mapped[bool] = mapped_column(server_default=false())
    description: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Integration(Base):
    """What a service is joined with. Its credentials are the domain's alone."""

    __tablename__ = "integrations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("system.services.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column()
    type: Mapped[str] = mapped_column(index=True)  # one of INTERNAL, EXTERNAL, THIRD_PARTY
    endpoint: Mapped[str | None] = mapped_column()
    auth_type: Mapped[str | None] = mapped_column()  # one of NONE, API_KEY, OAUTH, JWT
    credentials: Mapped[Document | None] = mapped_column(info=secret())
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    last_checked_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
