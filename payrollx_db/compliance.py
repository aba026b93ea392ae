"""The compliance service: reports for those who have to see them, and its own trail of what was done."""

from payrollx_db.catalogs.payrollx.compliance import (
    AuditLog,
    ComplianceReport,
    ReportFormat,
    ReportStatus,
    db,
    report_format,
    report_status,
    service,
)

__all__ = [
    "AuditLog",
    "ComplianceReport",
    "ReportFormat",
    "ReportStatus",
    "db",
    "report_format",
    "report_status",
    "service",
]
