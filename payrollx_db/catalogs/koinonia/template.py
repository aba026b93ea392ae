"""What makes a tenant: where the registry has it, how a call finds it, and how much its plan allows."""

import hashlib

from payrollx_db.catalogs.koinonia.tenant.service import service
from payrollx_db.model.template import Limit, Route, Template, TenantRegistry

UNLIMITED = None


def email_hash(email: str) -> str:
    """Return what ``admin_email_index.email_hash`` has of an e-mail address, however it is written."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


def phone_number(number: str) -> str:
    """Return a phone number as the registry writes it: a plus and digits alone, where it begins with a plus."""
    digits = "".join(letter for letter in number if letter in "0123456789")
    return f"+{digits}" if number.strip().startswith("+") else number.strip()


REGISTRY = TenantRegistry(
    "registry.tenants",
    plan="subscription_plan",
    routes={
        "email": Route("registry.admin_email_index", "email_hash", normalize=email_hash),
        "phone": Route("registry.phone_number_registry", "phone_number", normalize=phone_number),
    },
)

LIMITS = (
    Limit("branches", "branches", {"starter": 1, "growth": 5, "pro": 10}),
    Limit("members", "members", {"starter": 500, "growth": 2_000, "pro": UNLIMITED}),
    Limit("messages", "messages", {"starter": 1_000, "growth": 5_000, "pro": UNLIMITED}, month="created_at"),
    Limit("co_admins", "admins", {"starter": 1, "growth": 3, "pro": 3}, where="role = 'CO_ADMIN'"),
)

TEMPLATE = Template(service, "schemas", REGISTRY, setting="koinonia.tenant", limits=LIMITS)
