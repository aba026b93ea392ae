"""The wall between tenants that share tables: row level security, by which a session has the rows of one tenant alone.

The owner is exempt, since it migrates and consolidates; the reader reads all tenants' rows, as it reads all services'.
Every other role has no row at all.
"""

from alembic import op
from psycopg import sql

from payrollx_db.errors import CatalogError
from payrollx_db.model.shared import READER_POLICY, TENANT_POLICY
from payrollx_db.model.template import Template
from payrollx_db.postgres import query_files
from payrollx_db.schema import ddl

queries = query_files.beside(__name__)


def enable(table: str) -> None:
    """For a revision of a template whose tables tenants share: put the wall up in one table. Raises CatalogError."""
    catalog = op.get_context().opts["catalog"]
    if catalog.template is None:
        raise CatalogError(f"the catalog {catalog.name} has no template, so no tenant has rows in {table}")
    for statement in statements(catalog.template, table, catalog.reader_role):
        op.execute(ddl.statement(statement))


def statements(template: Template, table: str, reader: str) -> list[sql.Composed]:
    """Return what puts the wall up in a table of the template's schema."""
    return [
        sql.SQL(queries.load(f"row_security/{name}")).format(
            table=sql.Identifier(template.service.schema, table),
            is_own=is_own(template),
            policy=sql.Identifier(policy),
            role=sql.Identifier(role),
        )
        for name, policy, role in (
            ("enable", TENANT_POLICY, template.service.role),
            ("tenant", TENANT_POLICY, template.service.role),
            ("reader", READER_POLICY, reader),
        )
    ]


def is_own(template: Template) -> sql.Composed:
    """Return the condition under which a row is the session's tenant's: none is where the session names no tenant."""
    return sql.SQL("{} = pg_catalog.current_setting({}, true)").format(
        sql.Identifier(template.tenant_column), sql.Literal(template.setting)
    )
