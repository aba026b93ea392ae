"""Koinonia's seed: two churches with their admins, a few members, and what was written to and from them.

The documents name no rows; these are what the application needs to show anything at all. Keys are made of what a row is
about, so that a second call meets the first one's rows. Everything is dated from one fixed day.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, MetaData, Table, select

from payrollx_db.catalogs.koinonia import registry, shared, unified
from payrollx_db.catalogs.koinonia.routing import email_hash
from payrollx_db.model.catalog import Service
from payrollx_db.model.instances import template_of
from payrollx_db.schema.seed import Seed, SeedRows

NOW = datetime(2026, 1, 7, 8, tzinfo=UTC)
PASSWORD = "Koinonia2026!"  # noqa: S105 - known to everyone, on purpose: these logins are for trying things out
KEY_LETTERS = 23  # after its c

Row = dict[str, Any]
Rows = Iterator[tuple[str, Sequence[Row]]]


@dataclass(frozen=True)
class Church:
    """A church of the seed, and its first admin; ``hashed`` is the password's bcrypt hash."""

    name: str
    domain: str
    number: str
    plan: str
    admin: str
    hashed: str
    members: tuple[tuple[str, str], ...]

    @property
    def id(self) -> str:
        """The church's key, which is its tenant's."""
        return key("church", self.domain)

    @property
    def admin_email(self) -> str:
        """With what its admin logs in."""
        return f"pastor@{self.domain}"

    def key(self, kind: str, what: object = "") -> str:
        """Return the key of a row of this church."""
        return key(kind, self.domain, what)


def key(kind: str, *what: object) -> str:
    """Return the key of the row that is ``kind`` and about ``what``, in the form of a cuid."""
    return "c" + hashlib.sha256(":".join((kind, *map(str, what))).encode()).hexdigest()[:KEY_LETTERS]


CHURCHES = (
    Church(
        "Grace Chapel", "grace.example", "+12025550101", "growth", "Ruth Okafor",
        "$2b$10$ivLWBxHwR6CccLRN7FaKk.cSdqNlAtELZpJIuL.f7.mUt8iq2UXpO",
        (("Ana", "Silva"), ("Björn", "Dahl"), ("Chidi", "Eze")),
    ),
    Church(
        "Hope Fellowship", "hope.example", "+12025550102", "starter", "Daniel Kim",
        "$2b$10$4n/OrQ9/VbtQlQJziPBJ5.4Ro..nCMNKnxgzvgTj.DMwevcvBC.vy",
        (("Dana", "Wolf"), ("Élise", "Martin")),
    ),
)  # fmt: skip


def _registry() -> Rows:
    end = NOW + timedelta(days=14)
    yield "churches", [
        _dated({"id": c.id, "name": c.name, "email": f"office@{c.domain}", "telnyx_phone_number": c.number,
                "trial_ends_at": end})
        for c in CHURCHES
    ]  # fmt: skip
    yield "tenants", [
        _dated({"id": c.id, "church_id": c.id, "name": c.name, "email": f"office@{c.domain}",
                "subscription_plan": c.plan, "telnyx_phone_number": c.number, "trial_ends_at": end})
        for c in CHURCHES
    ]  # fmt: skip
    yield "phone_number_registry", [
        {"id": c.key("number"), "phone_number": c.number, "tenant_id": c.id, "registered_at": NOW, "assigned_at": NOW}
        for c in CHURCHES
    ]  # fmt: skip
    yield "admin_email_index", [
        {"id": c.key("index"), "email": c.admin_email, "email_hash": email_hash(c.admin_email), "tenant_id": c.id,
         "admin_id": c.key("admin"), "created_at": NOW}
        for c in CHURCHES
    ]  # fmt: skip


def _church(church: Church) -> Rows:
    """Yield a church's own rows, parents first."""
    first, last = church.admin.split()
    yield "branches", [_dated({"id": church.key("branch"), "name": "Main", "address": "1 Main Street"})]
    yield "members", [
        _dated({"id": church.key("member", name), "first_name": name, "last_name": family,
                "phone": f"encrypted:{church.key('phone', name)}"})
        for name, family in church.members
    ]  # fmt: skip
    yield "admins", [
        _dated({"id": church.key("admin"), "email": church.admin_email, "email_hash": email_hash(church.admin_email),
                "password_hash": church.hashed, "first_name": first, "last_name": last, "role": "PRIMARY",
                "user_role": "pastor", "welcome_completed": True})
    ]  # fmt: skip
    yield "subscriptions", [_dated({"id": church.key("subscription"), "plan": church.plan})]
    yield "onboarding_progress", [
        _dated({"id": church.key("step", task), "task_id": task, "completed": True, "completed_at": NOW})
        for task in ("create_branch", "add_members", "send_message")
    ]  # fmt: skip
    yield from _messages(church)


def _messages(church: Church) -> Rows:
    members = [church.key("member", name) for name, _ in church.members]
    message, conversation = church.key("message"), church.key("conversation")
    yield "messages", [
        {"id": message, "content": "Service is at ten on Sunday.", "status": "sent", "target_type": "all",
         "total_recipients": len(members), "delivered_count": len(members), "sent_at": NOW, "created_at": NOW}
    ]  # fmt: skip
    yield "message_recipients", [
        {"id": church.key("recipient", member), "message_id": message, "member_id": member, "status": "delivered",
         "delivered_at": NOW}
        for member in members
    ]  # fmt: skip
    yield "conversations", [_dated({"id": conversation, "member_id": members[0], "last_message_at": NOW})]
    yield "conversation_messages", [
        _dated({"id": church.key("answer", way), "conversation_id": conversation, "member_id": members[0],
                "content": content, "direction": way})
        for way, content in (("inbound", "Is there a choir?"), ("outbound", "On Fridays at six."))
    ]  # fmt: skip


def _dated(row: Row) -> Row:
    return {**row, "created_at": NOW, "updated_at": NOW}


def _rows(service: Service) -> SeedRows:
    """Return the rows of the registry, or of a church that has a schema of its own."""
    template = template_of(unified.CATALOG)
    if service.name == registry.service.name:
        yield from _registry_rows(template.place_of)
    own = MetaData(naming_convention=unified.metadata.naming_convention)
    for church in CHURCHES:
        if service.schema == template.schema_of(church.id):
            for name, rows in _church(church):
                table = unified.metadata.tables[f"{template.service.schema}.{name}"]
                yield table.to_metadata(own, schema=service.schema), rows


def _shared_rows(service: Service) -> SeedRows:
    """Return the rows of the registry, or of all churches in the tables that they share."""
    template = shared.TEMPLATE
    if service.name == registry.service.name:
        yield from _registry_rows(template.schema_of)
        return
    for church in CHURCHES:
        for name, rows in _church(church):
            table = shared.metadata.tables[f"{template.service.schema}.{name}"]
            yield table, [{**row, template.tenant_column: church.id} for row in rows]


def _registry_rows(schema_of: Any) -> SeedRows:
    for name, rows in _registry():
        placed = [{**row, "schema": schema_of(row["id"])} for row in rows] if name == "tenants" else rows
        yield registry.db.tables[name], placed


def _other_tenants(opened: Connection, service: Service) -> str:
    """Say whether the registry has churches of somebody's, next to which logins that everyone knows would stand."""
    if service.name != registry.service.name:
        return ""
    tenants: Table = registry.db.tenants
    other = opened.execute(select(tenants.c.id).where(tenants.c.id.not_in([c.id for c in CHURCHES])).limit(1)).first()
    return "other churches than the seed's, whose password everyone knows" if other else ""


LOGINS: tuple[Mapping[str, str], ...] = tuple(
    {"email": church.admin_email, "church": church.name, "tenant": church.id} for church in CHURCHES
)

SEED = Seed(
    _rows, LOGINS, PASSWORD, f"the password of both admins is {PASSWORD}", _other_tenants,
    tenants=tuple(church.id for church in CHURCHES),
)  # fmt: skip
SHARED = replace(SEED, rows=_shared_rows)
