"""The rows of the seed's world, service by service, parents before children. The same call, the same rows.

Keys are made of what a row is about (`key`), so that a second run meets the first one's rows.
"""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from payrollx_db.catalogs.payrollx import auth, compliance, employee, notification, organization, payroll, wallet
from payrollx_db.catalogs.payrollx import transaction as transactions
from payrollx_db.catalogs.payrollx.base import Base
from payrollx_db.catalogs.payrollx.seed.passwords import hashed
from payrollx_db.catalogs.payrollx.seed.world import (
    ALPENGLOW,
    COMPANIES,
    HARBOUR,
    KNOWN,
    PASSWORD,
    PAYDAYS,
    PEOPLE,
    TODAY,
    Company,
    Payday,
    Person,
    at,
    month,
)

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://payrollx.example/seed")
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"  # base58, as Solana writes keys

Rows = Iterator[tuple[type[Base], dict[str, Any]]]

EMPLOYED = tuple(person for person in PEOPLE if person.is_employed)
BY_NAME = {company.name: company for company in COMPANIES}


def key(kind: str, *what: object) -> uuid.UUID:
    """Return the key of the row that is ``kind`` and about ``what``."""
    return uuid.uuid5(NAMESPACE, ":".join((kind, *map(str, what))))


def chain(kind: str, *what: object, length: int = 44) -> str:
    """Return an invented public key or signature, as the chain would write it."""
    number = int.from_bytes(hashlib.sha512(":".join((kind, *map(str, what))).encode()).digest())
    text = ""
    while len(text) < length:
        number, digit = divmod(number, 58)
        text += ALPHABET[digit]
    return text


@dataclass(frozen=True)
class Item:
    """What one person gets on one payday, and what has become of it."""

    payday: Payday
    person: Person
    status: str

    @property
    def id(self) -> uuid.UUID:
        """Its key."""
        return key("item", self.payday.company, self.payday.day, self.person.email)

    @property
    def run(self) -> uuid.UUID:
        """Its run's key."""
        return run_key(self.payday)

    @property
    def currency(self) -> str:
        """What it is paid in."""
        return BY_NAME[self.payday.company].currency

    @property
    def signature(self) -> str | None:
        """The payment's signature on the chain, once it is there."""
        return chain("signature", self.id, length=87) if self.status == "COMPLETED" else None

    @property
    def paid_at(self) -> datetime | None:
        """When the payment went through."""
        return at(self.payday.day, 12, 5) if self.status == "COMPLETED" else None


def run_key(payday: Payday) -> uuid.UUID:
    """Return the key of a payday's run."""
    return key("run", payday.company, payday.day)


def items(payday: Payday) -> tuple[Item, ...]:
    """Return what is due on a payday: to everyone who worked for the company in that month."""
    first, last = month(payday.day)
    due = [p for p in EMPLOYED if p.company == payday.company and p.since <= last and not (p.until and p.until < first)]
    return tuple(Item(payday, person, _status(payday, person, place)) for place, person in enumerate(due))


def total(payday: Payday) -> Decimal:
    """Return what a run pays: the sum of its items."""
    return sum((item.person.salary for item in items(payday)), Decimal(0))


def rows(service: str) -> list[tuple[type[Base], list[dict[str, Any]]]]:
    """Return the rows of one service: its models in an order that foreign keys allow, each with its rows."""
    by_model: dict[type[Base], list[dict[str, Any]]] = {}
    for model, row in MAKERS[service]():
        by_model.setdefault(model, []).append(row)
    return list(by_model.items())


# -- the services --------------------------------------------------------------------------------------


def _auth() -> Rows:
    for person in PEOPLE:
        user = key("user", person.email)
        written_at = at(_joined(person), 8)
        yield auth.User, {
            "id": user, "email": person.email, "password": _password(user),
            "first_name": person.first_name, "last_name": person.last_name, "role": person.role,
            "organization_id": _organization(person.company), "created_at": written_at,
            "updated_at": written_at,
        }  # fmt: skip
    for email in KNOWN:
        yield auth.RefreshToken, {
            "id": key("token", email), "token": chain("token", email, length=64), "user_id": key("user", email),
            "expires_at": at(TODAY + timedelta(days=30)), "created_at": at(TODAY),
        }  # fmt: skip
    for email in KNOWN:
        yield auth.AuditLog, _log("auth log", email, "LOGIN", "session", key("token", email), at(TODAY))


def _organization_rows() -> Rows:
    for company in COMPANIES:
        written_at = at(company.founded)
        yield organization.Organization, {
            "id": key("organization", company.name), "name": company.name,
            "description": f"{company.industry}, {company.size} people", "email": f"office@{company.domain}",
            "website": f"https://{company.domain}", "address": company.address, "industry": company.industry,
            "size": company.size, "created_by": key("user", company.owner), "created_at": written_at,
            "updated_at": written_at,
        }  # fmt: skip
    for company in COMPANIES:
        yield organization.OrganizationSettings, {
            "organization_id": key("organization", company.name),
            "config": {"payroll": {"currency": company.currency, "day": "last working day", "approvals": 1}},
            "authorized_signers": [chain("signer", company.name)], "onboarding_completed": company.onboarded,
            "created_at": at(company.founded), "updated_at": at(company.founded),
        }  # fmt: skip


def _employee() -> Rows:
    for person in EMPLOYED:
        written_at = at(person.since)
        yield employee.Employee, {
            "id": key("employee", person.email), "organization_id": _organization(person.company),
            "user_id": key("user", person.email), "wallet_address": chain("wallet", person.email),
            "kyc_status": person.kyc, "salary": person.salary, "payment_token": BY_NAME[person.company].currency,
            "position": person.position, "department": person.department, "start_date": person.since,
            "end_date": person.until, "is_active": person.until is None, "created_at": written_at,
            "updated_at": at(person.until) if person.until else written_at,
        }  # fmt: skip
    for person in EMPLOYED:
        if person.kyc != "PENDING":
            name = key("document", person.email)
            yield employee.EmployeeDocument, {
                "id": name, "employee_id": key("employee", person.email), "kind": "PASSPORT",
                "storage_uri": f"s3://payrollx-demo/kyc/{name}.pdf",
                "sha256": hashlib.sha256(str(name).encode()).hexdigest(), "uploaded_at": at(person.since, 10),
                "verified_at": at(person.since, 16) if person.kyc == "APPROVED" else None,
            }  # fmt: skip


def _wallet() -> Rows:
    for person in EMPLOYED:
        yield wallet.Wallet, {
            "id": key("wallet", person.email), "employee_id": key("employee", person.email),
            "public_key": chain("wallet", person.email), "provider": "mpc", "is_active": person.until is None,
            "key_share_ids": [f"share-{n}-{key('wallet', person.email).hex[:8]}" for n in (1, 2, 3)],
            "created_by": key("user", BY_NAME[person.company].owner), "created_at": at(person.since, 11),
            "updated_at": at(person.since, 11),
        }  # fmt: skip
    for item in _all_items():
        if item.paid_at:
            yield wallet.WalletTransaction, _movement(item, "INCOMING", item.person.salary, item.paid_at)
    for item in items(PAYDAYS[1])[:2]:
        later = at(item.payday.day + timedelta(days=2), 18)
        yield wallet.WalletTransaction, _movement(item, "OUTGOING", item.person.salary / 2, later)


def _payroll() -> Rows:
    for payday in PAYDAYS:
        company, (first, last) = BY_NAME[payday.company], month(payday.day)
        processed = at(payday.day, 12, 10) if payday.status == "COMPLETED" else None
        yield payroll.PayrollRun, {
            "id": run_key(payday), "organization_id": key("organization", company.name), "status": payday.status,
            "scheduled_date": at(payday.day, 12), "period_start": first, "period_end": last,
            "total_amount": total(payday), "currency": company.currency, "created_by": key("user", _payer(company)),
            "processed_at": processed, "created_at": at(first + timedelta(days=14)),
            "updated_at": processed or at(first + timedelta(days=14)),
        }  # fmt: skip
    for item in _all_items():
        written_at = at(month(item.payday.day)[0] + timedelta(days=14))
        yield payroll.PayrollItem, {
            "id": item.id, "payroll_run_id": item.run, "employee_id": key("employee", item.person.email),
            "amount": item.person.salary, "currency": item.currency, "status": item.status,
            "tx_signature": item.signature, "retry_count": 2 if item.status == "FAILED" else 0,
            "processed_at": item.paid_at, "created_at": written_at, "updated_at": item.paid_at or written_at,
        }  # fmt: skip
    for company in COMPANIES:
        following = at(date(2025, 7, 31), 12) if company.onboarded else None
        yield payroll.PayrollSchedule, {
            "id": key("schedule", company.name), "organization_id": key("organization", company.name),
            "cron": "0 12 28-31 * *", "currency": company.currency, "is_active": company.onboarded,
            "next_run_at": following, "created_at": at(company.founded), "updated_at": at(company.founded),
        }  # fmt: skip


def _transaction() -> Rows:
    sent = [item for item in _all_items() if item.status in STEPS]
    for item in sent:
        began = at(item.payday.day, 12)
        yield transactions.Transaction, {
            "id": key("transaction", item.id), "payroll_run_id": item.run,
            "employee_id": key("employee", item.person.email), "wallet_id": key("wallet", item.person.email),
            "type": "PAYROLL", "amount": item.person.salary, "currency": item.currency, "token_address": None,
            "signature": item.signature, "block_hash": chain("block", item.id) if item.signature else None,
            "status": item.status, "error": "blockhash not found" if item.status == "FAILED" else None,
            "notes": None, "created_at": began, "updated_at": item.paid_at or began, "completed_at": item.paid_at,
        }  # fmt: skip
    # Negative numbers, because the sequence of this table never hands one out.
    steps = [(item, minute, step) for item in sent for minute, step in enumerate(STEPS[item.status])]
    for number, (item, minute, step) in enumerate(steps, start=1):
        yield transactions.TransactionLog, {
            "id": -number, "transaction_id": key("transaction", item.id), "status": step,
            "message": "blockhash not found" if step == "FAILED" else None,
            "created_at": at(item.payday.day, 12, minute),
        }  # fmt: skip


def _notification() -> Rows:
    for name, title, body in TEMPLATES:
        yield notification.NotificationTemplate, {
            "id": key("template", name), "name": name, "type": "EMAIL", "title": title, "body": body,
            "created_at": at(COMPANIES[0].founded), "updated_at": at(COMPANIES[0].founded),
        }  # fmt: skip
    for number, item in enumerate(item for item in _all_items() if item.status in ("COMPLETED", "FAILED")):
        name, title, body = TEMPLATES[1 if item.status == "FAILED" else 0]
        status, sent = SAID[number % len(SAID)], at(item.payday.day, 12, 30)
        yield notification.Notification, {
            "id": key("notification", item.id), "user_id": key("user", item.person.email),
            "type": CHANNELS[number % len(CHANNELS)], "recipient": item.person.email, "title": title,
            "message": body.format(name=item.person.first_name, amount=item.person.salary, currency=item.currency),
            "template_id": str(key("template", name)), "metadata": {"payrollItemId": str(item.id)}, "status": status,
            "is_read": status == "READ", "error": "mailbox is full" if status == "FAILED" else None,
            "created_at": sent, "updated_at": sent, "sent_at": None if status == "FAILED" else sent,
        }  # fmt: skip


def _compliance() -> Rows:
    for payday in (payday for payday in PAYDAYS if payday.status == "COMPLETED"):
        first, last = month(payday.day)
        name, path = f"Payroll {first:%B %Y}, {payday.company}", f"reports/{run_key(payday)}.pdf"
        data = {"items": len(items(payday)), "total": str(total(payday)), "currency": BY_NAME[payday.company].currency}
        yield _report(payday.company, name, "COMPLETED", first, last, data=data, path=path)
    yield _report(ALPENGLOW, "Payroll June 2025, so far", "GENERATING", *month(TODAY))
    yield _report(HARBOUR, "Contractors 2024", "FAILED", date(2024, 1, 1), date(2024, 12, 31), error="no contractors")
    for payday in PAYDAYS:
        if payday.status != "DRAFT":
            email = _payer(BY_NAME[payday.company])
            moment = at(payday.day, 11)
            yield compliance.AuditLog, _log("run log", email, "APPROVE", "payroll_run", run_key(payday), moment)


MAKERS = {
    "auth": _auth,
    "organization": _organization_rows,
    "employee": _employee,
    "wallet": _wallet,
    "payroll": _payroll,
    "transaction": _transaction,
    "notification": _notification,
    "compliance": _compliance,
}

# What is written of a payment on its way, by where it has come to; what isn't here hasn't been sent.
STEPS = {
    "COMPLETED": ("PENDING", "PROCESSING", "COMPLETED"),
    "PROCESSING": ("PENDING", "PROCESSING"),
    "FAILED": ("PENDING", "PROCESSING", "FAILED"),
}

TEMPLATES = (
    ("payslip", "You have been paid", "Hello {name}, {amount} {currency} are in your wallet."),
    ("payment-failed", "Your payment is late", "Hello {name}, {amount} {currency} didn't arrive; we try again."),
    ("welcome", "Welcome to PayrollX", "Hello {name}, please hand in your papers."),
)
CHANNELS = ("EMAIL", "IN_APP", "EMAIL", "PUSH", "SMS")
SAID = ("READ", "DELIVERED", "SENT", "READ", "DELIVERED", "FAILED")


# -- parts of rows -------------------------------------------------------------------------------------


def _all_items() -> Iterator[Item]:
    for payday in PAYDAYS:
        yield from items(payday)


def _status(payday: Payday, person: Person, place: int) -> str:
    """Return how far the payment of the ``place``th person is; in a run under way, the first two are through."""
    if payday.failed == person.email:
        return "FAILED"
    return "COMPLETED" if payday.status == "PROCESSING" and place < 2 else payday.status


@cache
def _password(user: uuid.UUID) -> str:
    return hashed(PASSWORD, user.bytes)


def _joined(person: Person) -> date:
    founded = BY_NAME[person.company or ALPENGLOW].founded
    return max(founded, person.since) if person.is_employed else founded


def _organization(company: str) -> uuid.UUID | None:
    return key("organization", company) if company else None


def _payer(company: Company) -> str:
    """Return who makes a company's runs: its HR manager."""
    return next(p.email for p in PEOPLE if p.company == company.name and p.role == "HR_MANAGER")


def _movement(item: Item, direction: str, amount: Decimal, moment: datetime) -> dict[str, Any]:
    outgoing = chain("spent", item.id, length=87)
    return {
        "id": key("movement", item.id, direction), "wallet_id": key("wallet", item.person.email),
        "direction": direction, "amount": amount, "currency": item.currency,
        "signature": item.signature if direction == "INCOMING" else outgoing, "occurred_at": moment,
    }  # fmt: skip


def _report(
    company: str, name: str, status: str, first: date, last: date,
    *, data: dict[str, Any] | None = None, path: str | None = None, error: str | None = None,
) -> tuple[type[Base], dict[str, Any]]:  # fmt: skip
    written_at = at(min(last, TODAY), 17)
    return compliance.ComplianceReport, {
        "id": key("report", name), "organization_id": key("organization", company), "name": name, "type": "PAYROLL",
        "format": "PDF", "status": status, "start_date": at(first, 0), "end_date": at(last, 23, 59),
        "filters": {"organizationId": str(key("organization", company))}, "data": data, "file_path": path,
        "error": error, "created_by": key("user", BY_NAME[company].owner),
        "generated_at": written_at if status == "COMPLETED" else None, "created_at": written_at,
        "updated_at": written_at,
    }  # fmt: skip


def _log(kind: str, email: str, action: str, resource: str, about: uuid.UUID, moment: datetime) -> dict[str, Any]:
    return {
        "id": key(kind, email, about), "user_id": key("user", email), "action": action, "resource": resource,
        "resource_id": str(about), "details": {"by": email}, "ip_address": "192.0.2.10",
        "user_agent": "payrollx-web/1.0", "created_at": moment,
    }  # fmt: skip
