"""The domain nexus, of the sector technology."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service as CatalogService
from payrollx_db.model.catalog import loose_reference

service = CatalogService("nexus", schema="nexus", role="tec_nexus", reads=("shared.users",))


class NexusFacade(Facade):
    """The service's tables, by name."""

    services: Table
    metrics: Table
    logs: Table
    configurations: Table
    integrations: Table


db = NexusFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Service(Base):
    """Something that runs, or that a user has set up. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "services"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    name: Mapped[str] = mapped_column()
    type: Mapped[str] = mapped_column(index=True)  # one of CONNECTOR, BRIDGE, GATEWAY, ADAPTER
    description: Mapped[str | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Metric(Base):
    """A measurement of a service at one moment."""

    __tablename__ = "metrics"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("nexus.services.id", ondelete="CASCADE"), index=True)
    metric_type: Mapped[str] = mapped_column(index=True)  # one of THROUGHPUT, LATENCY, ERRORS, SUCCESS
    value: Mapped[float] = mapped_column()
    unit: Mapped[str] = mapped_column()
    timestamp: Mapped[Created] = mapped_column(index=True)


class Log(Base):
    """What a service logged. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("nexus.services.id", ondelete="CASCADE"), index=True)
    level: Mapped[str] = mapped_column(index=True)
    message: Mapped[str] = mapped_column()
    source: Mapped[str] = mapped_column()
    target: Mapped[str | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    timestamp: Mapped[Created] = mapped_column(index=True)


class Configuration(Base):
    """One setting of a service."""

    __tablename__ = "configurations"
    __table_args__ = (UniqueConstraint("service_id", "key"), HERE)

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("nexus.services.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column()
    value: Mapped[str] = mapped_column()
    data_type: Mapped[str] = mapped_column()
    is_encrypted: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Integration(Base):
    """What a service is joined with. Its credentials are the domain's alone."""

    __tablename__ = "integrations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("nexus.services.id", ondelete="CASCADE"), index=True)
    source_system: Mapped[str] = mapped_column(index=True)
    target_system: Mapped[str] = mapped_column(index=True)
    mapping: Mapped[Document] = mapped_column()
    transform: Mapped[Document | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    last_executed_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
