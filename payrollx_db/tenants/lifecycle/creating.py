"""A new tenant: its schema, role and grants, its row in the registry, its first admin and routes; all or nothing.

It is all one transaction, roles and schema included, so that whatever ends it leaves nothing behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from sqlalchemy import Connection

from payrollx_db.errors import CatalogError, ConfigurationError, StateConflictError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.instances import template_of
from payrollx_db.model.template import SignUp, refuse_bad_id
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import ddl, migrate
from payrollx_db.tenants.lifecycle.registry import RegistryTable
from payrollx_db.tenants.migrating import TenantMigrations


@dataclass(frozen=True)
class Created:
    """A tenant that was made: its id, where its tables are, and the revision that they are at."""

    id: str
    schema: str
    role: str
    revision: str

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {"id": self.id, "schema": self.schema, "role": self.role, "revision": self.revision}


def create(url: DatabaseUrl, catalog: Catalog, tenant: str, details: Mapping[str, str]) -> Created:
    """Make a tenant whose sign-up says ``details``, by the names of the template's fields.

    Raises ConfigurationError where a detail is missing or unknown, StateConflictError where the tenant is there or
    something of it is taken, and TargetError; nothing is left then.
    """
    template, sign_up = template_of(catalog), _sign_up(catalog)
    try:
        refuse_bad_id(tenant)
    except CatalogError as error:  # it isn't the catalog that says it, but who calls
        raise ConfigurationError(error.message, hint=error.hint) from None
    values = _values(sign_up, tenant, template.schema_of(tenant), details)
    with migrate.locked_connection(url, catalog) as opened, migrate.translating_errors(url):
        registry = RegistryTable(catalog, opened)
        opened.execute(ddl.look_as(catalog.owner_role))
        if any(known.id == tenant for known in registry.rows()):
            raise StateConflictError(f"the registry has a tenant {tenant} already", hint="choose another id")
        opened.rollback()
        made = _make_tables(opened, catalog, tenant)
        _register(registry, sign_up, values, tenant)
        opened.commit()
    return made


def _sign_up(catalog: Catalog) -> SignUp:
    sign_up = template_of(catalog).sign_up
    if sign_up is None:
        raise catalog.lacks("a template that says nothing of a new tenant's rows", "template=Template(sign_up=")
    return sign_up


def _values(sign_up: SignUp, tenant: str, schema: str, details: Mapping[str, str]) -> dict[str, str | None]:
    unknown = sorted(set(details) - set(sign_up.fields))
    missing = [name for name in sign_up.fields if name not in details and name not in sign_up.optional]
    if unknown or missing:
        what = f"there is no {', '.join(unknown)}" if unknown else f"{', '.join(missing)} isn't given"
        fields = tuple(f"{name}: {about}" for name, about in sign_up.fields.items())
        raise ConfigurationError(f"a new tenant: {what}", details=fields, hint="give each with --set NAME=VALUE")
    given: dict[str, str | None] = {name: details.get(name) for name in sign_up.fields}
    derived = {name: make(details) for name, make in sign_up.derived.items()}
    return {"id": tenant, "schema": schema, **given, **derived}


def _make_tables(opened: Connection, catalog: Catalog, tenant: str) -> Created:
    """Make the tenant's schema and role; where all share their tables, there is nothing to make."""
    template = template_of(catalog)
    if template.shape == "shared":
        opened.execute(ddl.act_as(catalog.owner_role))
        revision = migrate.recorded(opened, catalog).get(template.service.name, "")
        return Created(tenant, template.service.schema, template.service.role, revision)
    migrations = TenantMigrations(catalog)
    if migrations.service(tenant).schema in migrations.recorded(opened):
        raise StateConflictError(
            f"there is a schema of the tenant {tenant}, and the registry has no row of it",
            hint=f"{catalog.command('tenant drop')} drops it",
        )
    migrated = migrations.upgrade(opened, tenant)
    opened.execute(ddl.script("RESET ROLE"))
    opened.execute(ddl.script(migrations.connecting([tenant])))
    opened.execute(ddl.act_as(catalog.owner_role))
    return Created(tenant, migrated.schema, migrated.schema, migrated.revision)


def _register(registry: RegistryTable, sign_up: SignUp, values: Mapping[str, str | None], tenant: str) -> None:
    template = template_of(registry.catalog)
    place = sql.Identifier(template.schema_of(tenant))
    setting = sql.SQL("SELECT pg_catalog.set_config({}, {}, true)")
    registry.run(setting.format(sql.Literal(template.setting), sql.Literal(tenant)))
    for statement in sign_up.statements:
        try:
            registry.run(sql.SQL(statement).format(tenant=place), values)
        except DRIVER_ERRORS as error:
            if getattr(error, "sqlstate", "") == "23505":
                raise StateConflictError(
                    f"the tenant {tenant} can't be made: something of it is another one's already"
                    f" ({_constraint(error)})",
                    hint="nothing was changed; give what is its own",
                ) from None
            raise


def _constraint(error: BaseException) -> str:
    return str(getattr(getattr(error, "diag", None), "constraint_name", "") or "a unique key")
