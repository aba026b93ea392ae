"""The compliance service: reports for those who have to see them, and its own trail of what was done."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Table
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.payrollx.base import CATALOG, Base, Created, Document, Key, Updated, labels, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("compliance", schema="compliance", role="payrollx_compliance")


class ComplianceFacade(Facade):
    """The service's tables, by name."""

    compliance_reports: Table
    audit_logs: Table


db = ComplianceFacade(service, metadata=metadata, catalog=CATALOG)
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

    id: Mapped[Key] = mapped_column()
    organization_id: Mapped[uuid.UUID | None] = mapped_column(
        index=True, info=loose_reference("organization.organizations.id")
    )
    name: Mapped[str] = mapped_column()
    type: Mapped[str | None] = mapped_column()
    format: Mapped[ReportFormat] = mapped_column(report_format, server_default="PDF")
    status: Mapped[ReportStatus] = mapped_column(report_status, server_default="GENERATING", index=True)
    start_date: Mapped[datetime] = mapped_column()
    end_date: Mapped[datetime] = mapped_column()
    filters: Mapped[Document | None] = mapped_column()
    data: Mapped[Document | None] = mapped_column()
    file_path: Mapped[str | None] = mapped_column()
    error: Mapped[str | None] = mapped_column()
    created_by: Mapped[uuid.UUID] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    generated_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class AuditLog(Base):
    """What a user did to which resource, as compliance keeps it."""

    __tablename__ = "audit_logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[uuid.UUID | None] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    action: Mapped[str] = mapped_column()
    resource: Mapped[str] = mapped_column()
    resource_id: Mapped[str | None] = mapped_column()
    details: Mapped[Document | None] = mapped_column()
    ip_address: Mapped[str | None] = mapped_column()
    user_agent: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column(index=True)
