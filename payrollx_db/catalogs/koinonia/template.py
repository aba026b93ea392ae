"""What makes a tenant: where the registry has it, how a call finds it, and how much its plan allows."""

from payrollx_db.catalogs.koinonia.routing import email_hash, phone_number
from payrollx_db.catalogs.koinonia.sign_up import SIGN_UP
from payrollx_db.catalogs.koinonia.tenant.service import service
from payrollx_db.model.template import Limit, Route, Template, TenantRegistry

UNLIMITED = None

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

TEMPLATE = Template(service, "schemas", REGISTRY, setting="koinonia.tenant", limits=LIMITS, sign_up=SIGN_UP)
