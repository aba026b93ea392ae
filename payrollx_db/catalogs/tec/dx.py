"""The domain dx, of the sector technology."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service as CatalogService
from payrollx_db.model.catalog import loose_reference
from payrollx_db.model.reading import secret

service = CatalogService("dx", schema="dx", role="tec_dx", reads=("shared.users",))


class DxFacade(Facade):
    """The service's tables, by name."""

    services: Table
    metrics: Table
    logs: Table
    configurations: Table
    integrations: Table


db = DxFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Service(Base):
    """Something that runs, or that a user has set up. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "services"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    name: Mapped[str] = mapped_column()
    type: Mapped[str] = mapped_column(index=True)  # one of API, MICROSERVICE, FUNCTION, WEBHOOK
    endpoint: Mapped[str] = mapped_column()
    version: Mapped[str] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Metric(Base):
    """A measurement of a service at one moment. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "metrics"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("dx.services.id", ondelete="CASCADE"), index=True)
    metric_name: Mapped[str] = mapped_column(index=True)  # one of REQUESTS, LATENCY, ERRORS, UPTIME
    metric_value: Mapped[float] = mapped_column()
    unit: Mapped[str] = mapped_column()  # one of COUNT, MS, PERCENTAGE
    timestamp: Mapped[Created] = mapped_column(index=True)
    metadata_: Mapped[Document | None] = mapped_column("metadata")


class Log(Base):
    """What a service logged. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("dx.services.id", ondelete="CASCADE"), index=True)
    level: Mapped[str] = mapped_column(index=True)  # one of INFO, WARN, ERROR, DEBUG
    message: Mapped[str] = mapped_column()
    stack_trace: Mapped[str | None] = mapped_column()
    request_id: Mapped[str | None] = mapped_column()
    user_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    timestamp: Mapped[Created] = mapped_column(index=True)


class Configuration(Base):
    """One setting of a service. Some values are secret (``is_secret``), so that none is for others."""

    __tablename__ = "configurations"
    __table_args__ = (UniqueConstraint("service_id", "key"), HERE)

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("dx.services.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column()
    value: Mapped[str] = mapped_column(info=secret())
    type: Mapped[str] = mapped_column()  # one of STRING, NUMBER, BOOLEAN, JSON
    is_secret: Mapped[bool] = mapped_column(server_default=false())
    description: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Integration(Base):
    """What a service is joined with. Its credentials are the domain's alone."""

    __tablename__ = "integrations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("dx.services.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column()
    provider: Mapped[str] = mapped_column(index=True)
    type: Mapped[str] = mapped_column()  # one of OAUTH, API_KEY, WEBHOOK, DATABASE
    credentials: Mapped[Document | None] = mapped_column(info=secret())
    config: Mapped[Document | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    last_synced_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
