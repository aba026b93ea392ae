"""The compliance service: reports for those who have to see them, and its own trail of what was done."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.payrollx.base import CATALOG, Base, Created, Document, Key, Updated, labels, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("compliance", schema="compliance", role="payrollx_compliance")
db = Facade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class ReportFormat(StrEnum):
    """What kind of file a report becomes."""

    PDF = "PDF"
    CSV = "CSV"
    EXCEL = "EXCEL"
    JSON = "JSON"


class ReportStatus(StrEnum):
    """How far a report has come. The legacy's labels come first, so PENDING is last."""

    GENERATING = "GENERATING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    PENDING = "PENDING"


report_format = labels("report_format", "compliance", ReportFormat)
report_status = labels("report_status", "compliance", ReportStatus)


class ComplianceReport(Base):
    """A report over a span of time. ``organization_id`` is NULL where it is about no single one."""

    __tablename__ = "compliance_reports"
    __table_args__ = HERE

    id: Mapped[Key]
    organization_id: Mapped[uuid.UUID | None] = mapped_column(
        index=True, info=loose_reference("organization.organizations.id")
    )
    name: Mapped[str]
    type: Mapped[str | None]
    format: Mapped[ReportFormat] = mapped_column(report_format, server_default="PDF")
    status: Mapped[ReportStatus] = mapped_column(report_status, server_default="GENERATING", index=True)
    start_date: Mapped[datetime]
    end_date: Mapped[datetime]
    filters: Mapped[Document | None]
    data: Mapped[Document | None]
    file_path: Mapped[str | None]
    error: Mapped[str | None]
    created_by: Mapped[uuid.UUID] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    generated_at: Mapped[datetime | None]
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]


class AuditLog(Base):
    """What a user did to which resource, as compliance keeps it."""

    __tablename__ = "audit_logs"
    __table_args__ = HERE

    id: Mapped[Key]
    user_id: Mapped[uuid.UUID | None] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    action: Mapped[str]
    resource: Mapped[str]
    resource_id: Mapped[str | None]
    details: Mapped[Document | None]
    ip_address: Mapped[str | None]
    user_agent: Mapped[str | None]
    created_at: Mapped[Created] = mapped_column(index=True)
