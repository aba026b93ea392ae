"""How Alembic runs: for `payrollx-db migrate`, which brings a connection, and for `alembic` itself.

All of a run is one transaction: the roles, the version table's schema, the revisions as the owner role, the
keys between services, the grants and the audit triggers, so that a run with nothing to do still repairs the walls.
"""

import os
from contextlib import AbstractContextManager, nullcontext
from logging.config import fileConfig

from alembic import context
from sqlalchemy import Connection

from payrollx_db import audit, ddl, keys, migrations, unified
from payrollx_db.urls import DatabaseUrl


def offline() -> None:
    """Write the SQL out instead of running it."""
    # With the driver's own parameter style SQLAlchemy would double every percent sign in the script.
    context.configure(url="postgresql+psycopg://", dialect_opts={"paramstyle": "named"}, **migrations.options())
    run()


def online() -> None:
    """Run on the connection that was brought, else on one made from DATABASE_URL."""
    with connection() as made:
        context.configure(
            connection=made,
            on_version_apply=context.config.attributes.get("on_version_apply"),
            **migrations.options(),
        )
        run()


def connection() -> AbstractContextManager[Connection]:
    """Return the connection to migrate on."""
    brought: Connection | None = context.config.attributes.get("connection")
    if brought is not None:
        return nullcontext(brought)
    return migrations.locked_connection(DatabaseUrl.parse(os.environ.get("DATABASE_URL", "")))


def run() -> None:
    """Run the revisions that were asked for, in one transaction."""
    migration = context.get_context()
    with context.begin_transaction():
        if "destination_rev" not in migration.opts:
            # `alembic check`, `current` or `revision` only look: they aren't to leave a version table behind.
            migration.opts["dont_mutate"] = True
            context.run_migrations()
            return
        for statement in ddl.roles(migrations.CATALOG), ddl.make_schema(ddl.META), ddl.act_as_owner():
            context.execute(statement)
        context.run_migrations()
        context.execute(ddl.statement(keys.make(unified.metadata)))
        context.execute(ddl.grants(migrations.CATALOG))
        context.execute(ddl.statement(audit.make(unified.metadata, ddl.OWNER)))
        if not context.is_offline_mode() and not migration.get_current_heads():
            migrations.forget(migration)


if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

if context.is_offline_mode():
    offline()
else:
    online()
