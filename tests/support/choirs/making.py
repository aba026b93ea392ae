"""What the choirs' revisions do, in both shapes."""

from alembic import op
from sqlalchemy import MetaData

from payrollx_db.model.template import Template
from payrollx_db.schema import ddl, row_security


def make_registry() -> None:
    """Make the registry's tables."""
    ddl.begin_service("registry")
    _create(op.get_context().opts["catalog"].models, "registry", "registry")


def make_tenant() -> None:
    """Make a choir's tables, or those that all share, with a view and a function beside them."""
    catalog, schema = op.get_context().opts["catalog"], ddl.schema_of("tenant")
    template: Template = catalog.template
    ddl.begin_service(schema)
    _create(catalog.models, template.service.schema, schema)
    if template.shape == "shared":
        for table in template.service.tables:
            row_security.enable(table)
    op.execute(f"CREATE VIEW {schema}.chiefs AS SELECT id, name FROM {schema}.singers WHERE role = 'CHIEF'")
    op.execute(
        f"CREATE FUNCTION {schema}.singer_count() RETURNS bigint LANGUAGE sql STABLE"
        f" AS 'SELECT count(*) FROM {schema}.singers'"
    )


def _create(models: MetaData, schema: str, place: str) -> None:
    moved = MetaData(naming_convention=models.naming_convention)
    for table in models.sorted_tables:
        table.to_metadata(moved, schema=place if table.schema == schema else table.schema)
    moved.create_all(op.get_bind(), [table for table in moved.sorted_tables if table.schema == place])
