"""Bring a tenant's schema to a revision of its template: the same revisions for each, recorded tenant by tenant.

Alembic's version table knows branches, not tenants, so the revisions run without it, and ``payrollx_meta.tenants`` says
where each schema is. Nothing here commits: a tenant is migrated whole, or not at all, by who has opened the connection.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import Error as DriverError
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from payrollx_db.consolidate.state import migrated_structures
from payrollx_db.errors import PayrollxError, StateConflictError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.instances import instance, template_of
from payrollx_db.postgres import query_files
from payrollx_db.schema import ddl, migrate, revisions, tenant_versions, tenants
from payrollx_db.schema.roles import statements
from payrollx_db.schema.tenant_versions import TenantVersion

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class Migrated:
    """What became of one tenant: the revisions that ran, in their order, and where it is now; ``new``: it had none."""

    tenant: str
    schema: str
    applied: tuple[str, ...]
    revision: str
    new: bool = False


@dataclass(frozen=True)
class TenantMigrations:
    """The revisions of a catalog's template. Raises CatalogError, as it is used, where there are none."""

    catalog: Catalog

    @cached_property
    def revisions(self) -> tuple[str, ...]:
        """The revisions of the template, oldest first."""
        label = template_of(self.catalog).service.name
        steps = [step for step in self._scripts.walk_revisions() if label in step.branch_labels]
        if not steps:
            raise self.catalog.lacks(f"no migrations with the branch label {label!r}", "migrations=")
        return tuple(step.revision for step in reversed(steps))

    def upgrade(self, opened: Connection, tenant: str, revision: str = "") -> Migrated:
        """Bring a tenant's schema to ``revision`` (default: the newest), in the connection's transaction.

        Makes the schema and its role where they are missing, and grants what the role may do. Raises
        StateConflictError where the schema is at a revision that this version doesn't know, and as Alembic does.
        """
        alone = self._alone(tenant)
        (service,) = alone.services
        opened.execute(ddl.script("RESET ROLE"))  # whoever has looked as the owner
        opened.execute(ddl.roles(alone))
        opened.execute(ddl.make_schema(ddl.META, alone.owner_role))
        opened.execute(ddl.script(tenants.schema(alone)))
        opened.execute(ddl.script(self._group(service)))
        opened.execute(ddl.act_as(alone.owner_role))
        before = self.recorded(opened).get(service.schema)
        applied = self._run(opened, service, before.revision if before else "", revision)
        opened.execute(ddl.act_as(alone.owner_role))
        opened.execute(ddl.script(statements.inner_grants(alone)))
        if not opened.execute(text(queries.load("has_support"))).scalar():  # a database without the registry
            for support in tenants.support(self.catalog):
                opened.execute(ddl.statement(support))
        opened.execute(ddl.statement(tenants.limits(self.catalog, tenant)))
        now = applied[-1] if applied else (before.revision if before else "")
        tenant_versions.record(opened, TenantVersion(tenant, service.schema, now))
        return Migrated(tenant, service.schema, applied, now, new=before is None)

    def recorded(self, opened: Connection) -> dict[str, TenantVersion]:
        """Return the tenants that have a schema in a database, by its name; looks as the owner role, where it may."""
        opened.execute(ddl.look_as(self.catalog.owner_role))
        return tenant_versions.recorded(opened)

    def connecting(self, tenants: Sequence[str]) -> str:
        """Return the script that lets the tenants' roles connect: once for all, since they share one list."""
        return statements.outer_grants(replace(instance(self.catalog, tenants), references=()))

    def service(self, tenant: str) -> Service:
        """Return the service that a tenant is."""
        return instance(self.catalog, [tenant]).services[-1]

    # -- private -----------------------------------------------------------------------------------------

    @cached_property
    def _scripts(self) -> ScriptDirectory:
        return revisions.script_directory(self.catalog)

    def _alone(self, tenant: str) -> Catalog:
        made = instance(self.catalog, [tenant])
        return replace(made, services=made.services[-1:], references=(), readable={}, template=None)

    def _group(self, service: Service) -> str:
        group = template_of(self.catalog).service.role
        quoted = {"role": sql.Identifier(service.role), "group": sql.Identifier(group)}
        names: Mapping[str, sql.Composable] = MappingProxyType({
            **quoted,
            "group_name": sql.Literal(group),
            "role_quoted": sql.Literal(quoted["role"].as_string(None)),
            "group_quoted": sql.Literal(quoted["group"].as_string(None)),
        })  # fmt: skip
        return sql.SQL(queries.load("make_group")).format(**names).as_string(None)

    def _run(self, opened: Connection, service: Service, before: str, revision: str) -> tuple[str, ...]:
        known = self.revisions
        if before and before not in known:
            raise StateConflictError(
                f"the schema {service.schema} is at revision {before}, which this version doesn't know",
                hint="use the version of payrollx-db that migrated it, or a newer one",
            )
        until = known.index(revision or known[-1])
        left = known[known.index(before) + 1 : until + 1] if before else known[: until + 1]
        options = {"catalog": self.catalog, "template_schema": service.schema}
        context = MigrationContext.configure(opened, opts=options)
        with (
            migrated_structures.following(migrate.driver_of(opened), service.name, service.schema),
            migrate.alembic_lock,
            Operations.context(context),
        ):
            for step in left:
                self._step(opened, step)
        return left

    def _step(self, opened: Connection, step: str) -> None:
        """Run one revision. Raises StateConflictError where its own code fails, or ends the transaction."""
        transaction = text("SELECT pg_catalog.txid_current()")
        begun = opened.execute(transaction).scalar()
        try:
            self._scripts.get_revision(step).module.upgrade()
        except (PayrollxError, DBAPIError, DriverError):
            raise
        except Exception as error:  # whatever it is, and it may hold a value of a row
            raise StateConflictError(
                f"the revision {step} ended with {type(error).__name__}",
                hint="correct the revision; nothing of it is left",
            ) from error
        if opened.execute(transaction).scalar() != begun:
            raise StateConflictError(
                f"the revision {step} has ended the transaction that it ran in",
                hint="take COMMIT and ROLLBACK out of it; look at what of it is left",
            )
