"""The health monitor: what services logged, and what touched the constitution."""

from enum import StrEnum

from sqlalchemy import Table
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.azora.base import CATALOG, Base, labels, metadata
from payrollx_db.catalogs.columns import Created, Document, Key
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("health_monitor", schema="health_monitor", role="azora_health_monitor")


class HealthMonitorFacade(Facade):
    """The service's tables, by name."""

    logs: Table
    constitutional_logs: Table


db = HealthMonitorFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class LogLevel(StrEnum):
    """How grave a line of a log is."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"
    FATAL = "FATAL"


log_level = labels("log_level", "health_monitor", LogLevel)


class Log(Base):
    """What a service logged. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    level: Mapped[LogLevel] = mapped_column(log_level, index=True)
    message: Mapped[str] = mapped_column()
    service: Mapped[str] = mapped_column(index=True)
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column(index=True)


class ConstitutionalLog(Base):
    """An action that touches the constitution. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "constitutional_logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    action: Mapped[str] = mapped_column()
    user_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column(index=True)
