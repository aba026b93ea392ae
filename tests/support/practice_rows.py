"""What the invented legacy databases are to hold, and ways to read them."""

from typing import Any

import psycopg
from psycopg import sql

from payrollx_db.postgres.url import DatabaseUrl

# Tables of each database; "table.column > table rule" is a foreign key, "table.column!" a unique index.
DATABASES: dict[str, tuple[str, str]] = {
    "payrollx_auth": (
        "users refresh_tokens audit_logs",
        "users.email!; refresh_tokens.token!; refresh_tokens.userId > users CASCADE; audit_logs.userId > users CASCADE",
    ),
    "payrollx_org": (
        "organizations employees",
        "organizations.name!; employees.organizationId > organizations RESTRICT",
    ),
    "payrollx_employee": (
        "organizations employees",
        "organizations.name!; employees.organizationId > organizations RESTRICT",
    ),
    "payrollx_wallet": ("employees wallets", "wallets.employeeId > employees RESTRICT"),
    "payrollx_payroll": (
        "employees payroll_runs payroll_items",
        "payroll_items.payrollRunId > payroll_runs RESTRICT; payroll_items.employeeId > employees RESTRICT",
    ),
    "payrollx_transaction": ("employees payroll_runs transactions", ""),
    "payrollx_notification": ("notifications", ""),
    "payrollx_compliance": ("compliance_reports audit_logs", ""),
}

ENUMS = {
    "KycStatus": "PENDING VERIFIED APPROVED REJECTED",
    "PayrollStatus": "DRAFT PENDING PROCESSING COMPLETED FAILED",
    "TransactionType": "PAYROLL BONUS REFUND ADJUSTMENT",
    "TransactionStatus": "PENDING PROCESSING COMPLETED FAILED CANCELLED",
    "NotificationType": "EMAIL SMS PUSH IN_APP",
    "NotificationStatus": "PENDING SENT FAILED DELIVERED READ",
    "ReportFormat": "PDF CSV EXCEL JSON",
    "ReportStatus": "GENERATING COMPLETED FAILED CANCELLED",
}


def fetch(url: DatabaseUrl, query: str | sql.Composed) -> list[tuple[Any, ...]]:
    with psycopg.connect(url.conninfo()) as connection:
        return connection.execute(query).fetchall()


def column(urls: dict[str, DatabaseUrl], database: str, table: str, name: str) -> list[Any]:
    query = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(name), sql.Identifier("public", table))
    return [value for (value,) in fetch(urls[database], query)]


def whole(url: DatabaseUrl, table: str) -> dict[str, str]:
    return dict(fetch(url, sql.SQL("SELECT id, t::text FROM {} AS t").format(sql.Identifier("public", table))))
