"""The domain nx, of the sector technology."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service as CatalogService
from payrollx_db.model.catalog import loose_reference

service = CatalogService("nx", schema="nx", role="tec_nx", reads=("shared.users",))


class NxFacade(Facade):
    """The service's tables, by name."""

    services: Table
    metrics: Table
    logs: Table
    configurations: Table
    integrations: Table


db = NxFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Service(Base):
    """Something that runs, or that a user has set up. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "services"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    name: Mapped[str] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)  # one of AI, ML, BLOCKCHAIN, IOT, AR_VR
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
    service_id: Mapped[str] = mapped_column(ForeignKey("nx.services.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column()
    value: Mapped[float] = mapped_column()
    unit: Mapped[str] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)
    timestamp: Mapped[Created] = mapped_column(index=True)


class Log(Base):
    """What a service logged. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("nx.services.id", ondelete="CASCADE"), index=True)
    level: Mapped[str] = mapped_column(index=True)  # one of DEBUG, INFO, WARN, ERROR
    message: Mapped[str] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    timestamp: Mapped[Created] = mapped_column(index=True)


class Configuration(Base):
    """One setting of a service."""

    __tablename__ = "configurations"
    __table_args__ = (UniqueConstraint("service_id", "key"), HERE)

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("nx.services.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column()
    value: Mapped[str] = mapped_column()
    type: Mapped[str] = mapped_column()
    is_secure: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Integration(Base):
    """What a service is joined with. Its credentials are the domain's alone."""

    __tablename__ = "integrations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    service_id: Mapped[str] = mapped_column(ForeignKey("nx.services.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column()
    provider: Mapped[str] = mapped_column(index=True)
    type: Mapped[str] = mapped_column()
    config: Mapped[Document | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    last_synced_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
