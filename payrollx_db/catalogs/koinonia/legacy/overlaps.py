"""What is kept twice, and can drift apart, because no transaction spans two databases; and which of both is right.

Facts of routing are the registry's, and the subscription is the tenant's. The first compare a tenant's database with
the registry, the others two tables of the registry.
"""

from payrollx_db.model.layout import Overlap
from payrollx_db.postgres import query_files

queries = query_files.beside(__name__)

# What Church and Tenant both have. A church's is compared by its tenant's id, which is the church's own.
TWICE = {
    "name": "name", "e-mail": "email", "number": "telnyxPhoneNumber", "number's SID": "telnyxNumberSid",
    "end of the trial": "trialEndsAt", "status of the subscription": "subscriptionStatus",
}  # fmt: skip


def _in_both(name: str, column: str) -> Overlap:
    value = f"coalesce({{}}.\"{column}\"::text, '')"
    churches = 'public."Tenant" AS t JOIN public."Church" AS c ON c."id" = t."churchId"'
    return Overlap(
        f"{name} of church and tenant",
        f'SELECT t."id", {value.format("c")} FROM {churches}',
        f'SELECT t."id", {value.format("t")} FROM {churches}',
        "registry",
        within_registry=True,
    )


OVERLAPS = (
    Overlap("admins and their e-mails", queries.load("registry_admins"), queries.load("tenant_admins"), "registry"),
    Overlap("plan", queries.load("registry_plan"), queries.load("tenant_plan"), "tenant"),
    Overlap("subscription", queries.load("registry_subscription"), queries.load("tenant_subscription"), "tenant"),
    Overlap(
        "numbers and the tenant's number", queries.load("registry_numbers"), queries.load("tenants_number"), "registry",
        within_registry=True,
    ),
    *(_in_both(name, column) for name, column in TWICE.items()),
)  # fmt: skip
