"""Which tenants have a schema in a database, and at which revision of their template each is.

Alembic's version table knows branches, not tenants, so ``payrollx_meta.tenants`` has a row for each.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from payrollx_db.postgres import query_files

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class TenantVersion:
    """A tenant that has a schema, and the revision of the template that the schema is at.

    Where the schema no longer ``exists``, somebody has dropped it, and this is what is left of it.
    """

    tenant: str
    schema: str
    revision: str
    exists: bool = True


def recorded(opened: Connection) -> dict[str, TenantVersion]:
    """Return the tenants that have a schema in a database, by its name. The session must be able to look."""
    if not opened.execute(text(queries.load("tenants_has_record"))).scalar():
        return {}
    rows = opened.execute(text(queries.load("tenants_recorded")))
    return {schema: TenantVersion(tenant, schema, revision, exists) for schema, tenant, revision, exists in rows}


def record(opened: Connection, version: TenantVersion) -> None:
    """Record where a tenant's schema is, in the connection's transaction, which must act as the owner role."""
    opened.execute(text(queries.load("tenants_make_record")))
    values = {"schema": version.schema, "tenant": version.tenant, "revision": version.revision}
    opened.execute(text(queries.load("tenants_record")), values)


def forget(opened: Connection, schema: str) -> None:
    """Delete the record of a tenant whose schema was dropped."""
    opened.execute(text(queries.load("tenants_forget")), {"schema": schema})
