"""A tenant that is kept out for a while, leaves with its rows, or ends."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from psycopg import sql

from payrollx_db.backup.create import FindClients, Observer, backup, ignore_events
from payrollx_db.backup.handover import drop as drop_service
from payrollx_db.backup.signature import Key
from payrollx_db.consolidate.transfer import Transferred, export_legacy
from payrollx_db.errors import ConfigurationError, StateConflictError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.events import Observer as Watch
from payrollx_db.model.events import ignore_events as ignore_progress
from payrollx_db.model.instances import instance, legacy_layout, template_of
from payrollx_db.model.layout import Layout
from payrollx_db.model.template import Tenant
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import ddl, migrate, tenant_versions
from payrollx_db.tenants.lifecycle.registry import Registered, as_owner
from payrollx_db.tenants.lifecycle.returning import keep
from payrollx_db.tenants.migrating import TenantMigrations

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class Listed:
    """A tenant of the registry, and the revision of its schema; empty where it has none here."""

    tenant: Registered
    revision: str

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        known = self.tenant
        return {
            "id": known.id, "name": known.name, "status": known.status, "plan": known.plan, "schema": known.schema,
            "database": known.database, "revision": self.revision,
        }  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """A tenant that was dropped: what it was, the backup of its rows (``None``: they went elsewhere), how many."""

    id: str
    schema: str
    rows: int
    backup: Path | None

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "id": self.id, "schema": self.schema, "rows": self.rows,
            "backup": str(self.backup) if self.backup else None,
        }  # fmt: skip


def list_tenants(url: DatabaseUrl, catalog: Catalog) -> list[Listed]:
    """Return all tenants of the unified registry, by id. Raises TargetError, StateConflictError without a registry."""
    template = template_of(catalog)
    with as_owner(url, catalog) as registry:
        recorded = TenantMigrations(catalog).recorded(registry.opened)
        known = registry.rows()
        shared = migrate.recorded(registry.opened, catalog) if template.shape == "shared" else {}
    listed = []
    for row in known:
        version = recorded.get(template.schema_of(row.id))
        revision = version.revision if version and version.exists else ""
        listed.append(Listed(row, revision or shared.get(template.service.name, "")))
    return listed


def set_status(url: DatabaseUrl, catalog: Catalog, tenant: str, *, suspended: bool) -> Registered:
    """Keep services out of a tenant, or let them in again. Raises ConfigurationError where there is no such tenant."""
    registry_of = template_of(catalog).registry
    with as_owner(url, catalog) as registry:
        registry.row(tenant)
        registry.change(tenant, status=registry_of.suspended if suspended else registry_of.active[0])
        return registry.row(tenant)


async def export(
    url: DatabaseUrl, catalog: Catalog, layout: Layout, tenant: str, to: DatabaseUrl, *,
    replace_unfinished: bool = False, watch: Watch = ignore_progress,
) -> Transferred:  # fmt: skip
    """Fill the empty database ``to`` with a tenant's rows in the legacy shape, proven identical.

    What is here stays. ``replace_unfinished`` is as of `export_legacy`. Raises ConfigurationError where there is no
    such tenant, and as `export_legacy`.
    """
    template = template_of(catalog)
    with as_owner(url, catalog) as registry:
        row = registry.row(tenant)
        home = DatabaseUrl.parse(own) if (own := registry.url(tenant)) else url
    alone = legacy_layout(catalog, layout, [Tenant(tenant, row.name)])
    (entry,) = alone.databases
    made = instance(catalog, [tenant])
    service = made.service(template.schema_of(tenant)) if template.shape == "schemas" else template.service
    source = Endpoint(home, "target", home.dbname)
    buyer = Endpoint(to, "source", entry.name)
    layout = replace(alone, databases=(replace(entry, service=service.name),))
    return await export_legacy(
        made, layout, service.name, source, buyer, replace_unfinished=replace_unfinished, observer=watch
    )


def drop(
    url: DatabaseUrl, catalog: Catalog, tenant: str, folder: Path, *, find: FindClients, key: Key,
    observer: Observer = ignore_events,
) -> Ended:  # fmt: skip
    """Back a tenant's schema up into ``folder``, and drop it, with its role, its row in the registry and its routes.

    Services are kept out first, and the backup has the rows of the registry with it (see `returning`). What is cut off
    goes on with the next call. Raises ConfigurationError where there is
    no such tenant, or it lives elsewhere; and as `payrollx_db.backup.handover.drop`.
    """
    made = instance(catalog, [tenant])
    service = made.services[-1]
    status = _keep_out(url, catalog, tenant)
    with as_owner(url, catalog) as registry:
        version = TenantMigrations(catalog).recorded(registry.opened).get(service.schema)
        if version is not None and not version.exists:
            tenant_versions.forget(registry.opened, service.schema)
    rows, proof = 0, None
    if version is not None and version.exists:
        (proof,) = backup(url, made, [service], folder, find, observer, key=key, prove=False)
        if status:
            with as_owner(url, catalog) as registry:
                keep(registry, tenant, status, proof, key)
        rows = drop_service(service, url, proof, catalog=made, metadata=catalog.models, key=key).rows
    _forget(url, catalog, tenant, service.role)
    return Ended(tenant, service.schema, rows, proof.folder if proof else None)


def drop_shared(url: DatabaseUrl, catalog: Catalog, tenant: str) -> Ended:
    """Drop the rows of a tenant that shares its tables, with its row in the registry and its routes.

    They go by the foreign keys that lead to the registry. There is no backup: they are to be exported before.
    """
    template = template_of(catalog)
    with as_owner(url, catalog) as registry:
        registry.row(tenant)
        rows = 0
        for table in template.service.tables:
            count = sql.SQL("SELECT pg_catalog.count(*) FROM {} WHERE {} = %s").format(
                sql.Identifier(template.service.schema, table), sql.Identifier(template.tenant_column)
            )
            rows += registry.run(count, [tenant])[0][0]
        registry.delete(tenant)
    return Ended(tenant, template.service.schema, rows, None)


def _keep_out(url: DatabaseUrl, catalog: Catalog, tenant: str) -> str:
    """Suspend a tenant; return the status that it had, empty where the registry doesn't know it."""
    with as_owner(url, catalog) as registry:
        known = {row.id: row for row in registry.rows()}
        recorded = {version.tenant for version in TenantMigrations(catalog).recorded(registry.opened).values()}
        if tenant not in known and tenant not in recorded:
            raise ConfigurationError(f"there is no tenant {tenant!r}", hint=catalog.command("tenant list"))
        if tenant in known and known[tenant].database:
            raise StateConflictError(
                f"the tenant {tenant} lives in a database of its own, {known[tenant].database}",
                hint="move it back first, or drop that database and then its row",
            )
        if tenant in known:
            registry.change(tenant, status=template_of(catalog).registry.suspended)
    return known[tenant].status if tenant in known else ""


def _forget(url: DatabaseUrl, catalog: Catalog, tenant: str, role: str) -> None:
    with as_owner(url, catalog) as registry:
        registry.delete(tenant)
        registry.opened.execute(ddl.script("RESET ROLE"))
        parts = {"role": sql.Identifier(role), "role_name": sql.Literal(role)}
        registry.run(sql.SQL(queries.load("drop_role")).format(**parts))
