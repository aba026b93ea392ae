"""How Alembic runs: for `payrollx-db migrate`, which brings a connection, and for `alembic` itself.

All of a run is one transaction: the roles, the version table's schema, the revisions as the owner role, the
keys between services, the grants, the audit triggers and what keeps tenants apart, so that a run with nothing to do
still repairs the walls.
"""

import os
from contextlib import AbstractContextManager, nullcontext
from logging.config import fileConfig

import psycopg
from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from payrollx_db.catalogs import registry
from payrollx_db.consolidate.state import migrated_structures, objects, unfinished
from payrollx_db.postgres import locks
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import audit, ddl, foreign_keys, migrate, protection, tenants

# The caller's catalog; for plain ``alembic``, the one that alembic.ini names.
CATALOG = context.config.attributes.get("catalog") or registry.find(
    context.config.get_main_option("catalog", "payrollx")
)


def offline() -> None:
    """Write the SQL out instead of running it."""
    # With the driver's own parameter style SQLAlchemy would double every percent sign in the script.
    context.configure(url="postgresql+psycopg://", dialect_opts={"paramstyle": "named"}, **migrate.options(CATALOG))
    run()


def online() -> None:
    """Run on the connection that was brought, else on one made from DATABASE_URL."""
    with connection() as made:
        context.configure(
            connection=made,
            on_version_apply=context.config.attributes.get("on_version_apply"),
            **migrate.options(CATALOG, opened=made),
        )
        run()


def connection() -> AbstractContextManager[Connection]:
    """Return the connection to migrate on."""
    brought: Connection | None = context.config.attributes.get("connection")
    if brought is not None:
        return nullcontext(brought)
    return migrate.locked_connection(DatabaseUrl.parse(os.environ.get("DATABASE_URL", "")), CATALOG)


def run() -> None:
    """Run the revisions that were asked for, in one transaction."""
    migration = context.get_context()
    with context.begin_transaction():
        if "destination_rev" not in migration.opts:
            # `alembic check`, `current` or `revision` only look: they aren't to leave a version table behind.
            migration.opts["dont_mutate"] = True
            context.run_migrations()
            return
        for statement in (
            ddl.roles(CATALOG),
            ddl.make_schema(ddl.META, CATALOG.owner_role),
            *([ddl.script(tenants.schema(CATALOG))] if CATALOG.template else []),
            ddl.act_as(CATALOG.owner_role),
            ddl.statement(locks.make_tables(CATALOG.owner_role)),
        ):
            context.execute(statement)
        refuse_unfinished_runs(migration)
        with following_structures():
            with guarding_protected(migration):
                context.run_migrations()
            context.execute(ddl.statement(foreign_keys.make(CATALOG.models, objects.DROPPED_KEYS)))
            context.execute(ddl.grants(CATALOG))
            context.execute(ddl.statement(audit.make(CATALOG.models, CATALOG.owner_role)))
            for support in tenants.support(CATALOG) if CATALOG.template else ():
                context.execute(ddl.statement(support))
        if not context.is_offline_mode() and not migration.get_current_heads():
            migrate.forget(migration)


def following_structures() -> AbstractContextManager[None]:
    """Let what finished runs have recorded of the structure follow the migration, so that `verify` doesn't miss it."""
    driver = None if context.is_offline_mode() else context.get_bind().connection.driver_connection
    return migrated_structures.following(driver) if isinstance(driver, psycopg.Connection) else nullcontext()


def guarding_protected(migration: MigrationContext) -> AbstractContextManager[None]:
    """Undo the migration where it changes a protected table that nobody has named."""
    if context.is_offline_mode():
        return nullcontext()
    named = context.config.attributes.get("protected", ())
    return protection.guarding(migration, CATALOG, named)


def refuse_unfinished_runs(migration: MigrationContext) -> None:
    """Raise StateConflictError where a revision would change what a consolidation is still filling.

    Its tables lack indexes that the revision may speak of, and rows that the revision wouldn't see.
    """
    if context.is_offline_mode():
        return
    steps = list(migration.opts["fn"](migration.get_current_heads(), migration))
    labels = {label for step in steps for label in step.revision.branch_labels}
    schemas = [service.schema for service in CATALOG.services if service.name in labels]
    driver = context.get_bind().connection.driver_connection
    if schemas and isinstance(driver, psycopg.Connection):
        run = unfinished.find_unfinished(driver, schemas)
        unfinished.refuse_unfinished(run, ", ".join(schemas), "migrated", CATALOG)


if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

if context.is_offline_mode():
    offline()
else:
    online()
