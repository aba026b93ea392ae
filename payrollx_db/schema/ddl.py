"""What migrations do beside tables: roles, schemas and grants.

Roles and grants are derived from the catalog (``roles.statements``); here they only find their way into a
migration, online or as a script. A migration runs as the owner role, so that tables belong to it whoever migrates;
only schemas are made by the role that connected, because it has CREATE on the database.
"""

from pathlib import Path

from alembic import op
from psycopg import sql
from sqlalchemy import TextClause, text

from payrollx_db.model.catalog import Catalog
from payrollx_db.postgres.settings import COMMON
from payrollx_db.schema import audit
from payrollx_db.schema.roles import statements

META = statements.META

# For who only looks: a member that doesn't inherit the owner's privileges may still become the owner, and
# where there is no such role yet, or one isn't a member, this does nothing.
LOOK_AS = text("""
    SELECT pg_catalog.set_config('role', rolname, true)
    FROM pg_catalog.pg_roles
    WHERE rolname = :owner AND pg_catalog.pg_has_role(oid, CASE
        WHEN CAST(pg_catalog.current_setting('server_version_num') AS integer) >= 160000 THEN 'SET'
        ELSE 'MEMBER'
    END)
""")


def roles(catalog: Catalog) -> TextClause:
    """Return the script of the catalog's roles, and that we may act as the owner: ``sql/roles.sql`` is PayrollX's."""
    return script(statements.roles(catalog))


def grants(catalog: Catalog) -> TextClause:
    """Return what each role may do in the schemas that there are: ``sql/grants.sql`` is PayrollX's."""
    return script(statements.grants(catalog))


def look_as(owner: str) -> TextClause:
    """Return the statement that makes the transaction look as ``owner``, where it may."""
    return LOOK_AS.bindparams(owner=owner)


def make_schema(name: str, owner: str) -> TextClause:
    """Return the statement that makes a schema of ``owner``'s, unless there is one of that name.

    It is guarded by a look, because ``IF NOT EXISTS`` demands CREATE on the database even for nothing.
    """
    return script(statements.make_schema(name, owner))


def act_as(owner: str) -> TextClause:
    """Return the statement that makes the rest of the transaction run as the owner role."""
    return script(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(owner)).as_string(None))


def drop_schema(name: str) -> TextClause:
    """Return the statement that drops a schema, which must be empty by then: we drop only what we made."""
    return script(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(name)).as_string(None))


def make_extension(name: str, schema: str) -> TextClause:
    """Return the statement that makes an extension in ``schema``, unless the database has it."""
    return statement(
        sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {}").format(sql.Identifier(name), sql.Identifier(schema))
    )


def run_script(path: Path, *, names_in: str = "") -> None:
    """For a revision: run a file of SQL, as pg_dump writes it: what a function names may come after it.

    A generated column's function in SQL is written into the column as its table is made, and may name things without
    their schema: these are looked for in the schema ``names_in``, and in public.
    """
    op.execute("SET LOCAL check_function_bodies = off")
    if names_in:
        op.execute(
            script(sql.SQL("SET LOCAL search_path TO {}, public").format(sql.Identifier(names_in)).as_string(None))
        )
    if written := path.read_text("utf-8").strip():
        op.execute(script(written))
    if names_in:
        op.execute(f"SET LOCAL search_path TO {COMMON['search_path']}")


def begin_service(schema: str) -> None:
    """For a service's first revision: make its schema, then go on as the owner."""
    owner = op.get_context().opts["catalog"].owner_role
    op.execute("RESET ROLE")
    op.execute(make_schema(schema, owner))
    op.execute(act_as(owner))


def schema_of(template: str) -> str:
    """For a template's revisions: the schema of the tenant that is migrated, or the template's own, where all share."""
    schema: str = op.get_context().opts.get("template_schema", template)
    return schema


def end_service(schema: str) -> None:
    """For the undoing of a service's first revision: drop its schema."""
    op.execute(statement(audit.drop(schema)))
    op.execute(drop_schema(schema))


def statement(composed: sql.Composable) -> TextClause:
    """Return composed SQL as a migration executes it."""
    return script(composed.as_string(None))


def script(statements_text: str) -> TextClause:
    """Return SQL as a migration executes it."""
    # Alembic ends each statement itself; a colon would be SQLAlchemy's mark of a parameter.
    return text(statements_text.strip().removesuffix(";").replace(":", r"\:"))
