"""The tables that the eight small services of the demonstration write to, on either side."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Kept:
    """A table that a service writes to: by which column a write is known, and what a new row needs, on either side.

    ``old`` and ``new`` make a row from its key, its mark and some row that it refers to. ``given`` is the query of the
    old database that lists such rows. Without them, only rows that are there are changed.
    """

    table: str
    mark: str
    model: str
    attribute: str
    given: str = ""
    old: Callable[[str, str, str], dict[str, Any]] | None = None
    new: Callable[[str, str, str], dict[str, Any]] | None = None
    beside: str = ""  # a model of the unified database that has a row for each of these, made with it

    def old_row(self, key: str, mark: str, given: str) -> dict[str, Any]:
        """Return a new row of the legacy database."""
        return self.old(key, mark, given) if self.old else {}

    def new_rows(self, key: str, mark: str, given: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the new rows of the unified database, each with its model."""
        rows = [(self.model, self.new(key, mark, given) if self.new else {})]
        return [*rows, (self.beside, {"organization_id": uuid.UUID(key)})] if self.beside else rows

    @property
    def grows(self) -> bool:
        """Whether rows are added and deleted."""
        return self.old is not None


def now() -> datetime:
    """Return the time as the old databases keep it: UTC, to the millisecond."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=None)


def stamps() -> dict[str, Any]:
    """Return what Prisma itself fills in."""
    return {"createdAt": now(), "updatedAt": now()}


USERS = 'SELECT "id" FROM public.users ORDER BY "id" LIMIT 50'
ANYONE = "SELECT gen_random_uuid()::text FROM generate_series(1, 50)"
EMPLOYEES = 'SELECT "id" FROM public.employees ORDER BY "id" LIMIT 50'
RUNS = (
    'SELECT r."id" || \' \' || e."id" FROM public.payroll_runs r, public.employees e ORDER BY r."id", e."id" LIMIT 50'
)
FAR = datetime(2030, 1, 1, tzinfo=UTC)

SERVICES: dict[str, tuple[Kept, ...]] = {
    "auth": (
        Kept("users", "lastName", "User", "last_name"),
        Kept(
            "refresh_tokens", "token", "RefreshToken", "token", USERS,
            lambda key, mark, user: {
                "id": key, "token": mark, "userId": user, "expiresAt": FAR.replace(tzinfo=None), "createdAt": now(),
            },
            lambda key, mark, user: {
                "id": uuid.UUID(key), "token": mark, "user_id": uuid.UUID(user), "expires_at": FAR,
            },
        ),
    ),
    "organization": (
        Kept(
            "organizations", "name", "Organization", "name", ANYONE,
            lambda key, mark, user: {
                "id": key, "name": mark, "onboardingCompleted": False, "createdBy": user, **stamps(),
            },
            lambda key, mark, user: {"id": uuid.UUID(key), "name": mark, "created_by": uuid.UUID(user)},
            beside="OrganizationSettings",
        ),
    ),
    "employee": (Kept("employees", "paymentToken", "Employee", "payment_token"),),
    "wallet": (Kept("wallets", "provider", "Wallet", "provider"),),
    "payroll": (
        Kept(
            "payroll_items", "txSignature", "PayrollItem", "tx_signature", RUNS,
            lambda key, mark, pair: {
                "id": key, "txSignature": mark, "payrollRunId": pair.split()[0], "employeeId": pair.split()[1],
                "amount": Decimal("12.5"), "status": "PENDING", "retryCount": 0, **stamps(),
            },
            lambda key, mark, pair: {
                "id": uuid.UUID(key), "tx_signature": mark, "payroll_run_id": uuid.UUID(pair.split()[0]),
                "employee_id": uuid.UUID(pair.split()[1]), "amount": Decimal("12.5"), "status": "PENDING",
            },
        ),
    ),
    "transaction": (
        Kept(
            "transactions", "notes", "Transaction", "notes", EMPLOYEES,
            lambda key, mark, employee: {
                "id": key, "notes": mark, "payrollRunId": str(uuid.uuid4()), "employeeId": employee, "type": "PAYROLL",
                "amount": Decimal("0.000001"), "status": "PENDING", **stamps(),
            },
            lambda key, mark, employee: {
                "id": uuid.UUID(key), "notes": mark, "payroll_run_id": uuid.uuid4(), "employee_id": uuid.UUID(employee),
                "amount": Decimal("0.000001"), "status": "PENDING",
            },
        ),
    ),
    "notification": (
        Kept(
            "notifications", "subject", "Notification", "title", ANYONE,
            lambda key, mark, user: {
                "id": key, "userId": user, "type": "EMAIL", "recipient": "a@example.org", "subject": mark,
                "content": "…", "status": "PENDING", **stamps(),
            },
            lambda key, mark, user: {
                "id": uuid.UUID(key), "user_id": uuid.UUID(user), "recipient": "a@example.org", "title": mark,
                "message": "…", "status": "PENDING",
            },
        ),
    ),
    "compliance": (
        Kept(
            "audit_logs", "action", "AuditLog", "action", ANYONE,
            lambda key, mark, user: {
                "id": key, "userId": user, "action": mark, "entityType": "wallet", "entityId": user, "createdAt": now(),
            },
            lambda key, mark, user: {
                "id": uuid.UUID(key), "user_id": uuid.UUID(user), "action": mark, "resource": "wallet",
                "resource_id": user,
            },
        ),
        Kept("compliance_reports", "name", "ComplianceReport", "name"),
    ),
}  # fmt: skip
