"""The tables of a template as all tenants share them: a tenant's id leads every key, unique, index and foreign key."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Constraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.sql import ClauseElement

from payrollx_db.errors import CatalogError
from payrollx_db.model.template import Template

TENANT_POLICY, READER_POLICY = "tenant_rows", "reader_rows"  # of each table that tenants share


def shared_metadata(metadata: MetaData, template: Template) -> MetaData:
    """Return ``metadata`` with the template's tables as all tenants share them, and all others as they are.

    Each row has its tenant's id, which is the id of the registry's row, goes with it, and is by default the one that
    the session names. What a foreign key sets to NULL are its own columns, never the tenant's. Raises CatalogError
    where a table has the tenant's column already.
    """
    shared = MetaData(naming_convention=metadata.naming_convention)
    schema = template.service.schema
    for table in metadata.sorted_tables:
        if table.schema != schema:
            table.to_metadata(shared)
    for table in metadata.sorted_tables:
        if table.schema == schema:
            _share(table, shared, template)
    return shared


def row_security(template: Template, metadata: MetaData) -> tuple[str, ...]:
    """Return the extras of a service whose tables tenants share: the wall in each of them, by its parts.

    `payrollx_db.schema.row_security.enable` makes them. ``metadata`` are the models of the template.
    """
    schema = template.service.schema
    tables = [table.fullname for table in metadata.sorted_tables if table.schema == schema]
    parts = ("row security", f"policy {TENANT_POLICY}", f"policy {READER_POLICY}")
    return tuple(f"{part} on {table}" for table in tables for part in parts)


# -- private ------------------------------------------------------------------------------------------


def _share(table: Table, shared: MetaData, template: Template) -> None:
    tenant = template.tenant_column
    if tenant in table.columns:
        raise CatalogError(f"{table.fullname} has a column {tenant}, which is to name the tenant of each row")
    default = text(f"current_setting('{template.setting}')")
    columns: list[Column[Any]] = [Column(tenant, Text, nullable=False, server_default=default)]
    columns += [_copied(column) for column in table.columns]
    registry = template.registry
    of_tenant = ForeignKeyConstraint([tenant], [f"{registry.table}.{registry.id}"], ondelete="CASCADE")
    constraints = [_led(constraint, tenant, template.service.schema) for constraint in _in_order(table)]
    made = Table(table.name, shared, *columns, *constraints, of_tenant, schema=table.schema, info=dict(table.info))
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        options = {
            f"postgresql_{name}": value
            for name, value in index.dialect_options["postgresql"].items()
            if _is_given(value)
        }
        Index(index.name, made.columns[tenant], *_expressions(index, made), unique=index.unique, **options)


def _copied(column: Column[Any]) -> Column[Any]:
    """Return a column without the constraints that it states by itself, which are the table's."""
    copied: Column[Any] = Column(
        column.name, column.type, nullable=column.nullable, server_default=_text_of(column), info=dict(column.info),
        default=column.default and column.default._copy(),  # noqa: SLF001 # as SQLAlchemy's own copies do
        onupdate=column.onupdate and column.onupdate._copy(),  # noqa: SLF001
        comment=column.comment,
    )  # fmt: skip
    return copied


def _text_of(column: Column[Any]) -> Any:
    default = column.server_default
    return getattr(default, "arg", default)


def _in_order(table: Table) -> list[Constraint]:
    return sorted(table.constraints, key=lambda constraint: (type(constraint).__name__, str(constraint.name)))


def _led(constraint: Any, tenant: str, schema: str) -> Constraint:
    """Return a constraint of a table as it is with the tenant's id in the lead."""
    name = constraint.name
    if isinstance(constraint, PrimaryKeyConstraint):
        return PrimaryKeyConstraint(tenant, *_names(constraint), name=name)
    if isinstance(constraint, UniqueConstraint):
        return UniqueConstraint(tenant, *_names(constraint), name=name)
    if isinstance(constraint, ForeignKeyConstraint):
        targets = [element.target_fullname for element in constraint.elements]
        if any(target.partition(".")[0] != schema for target in targets):  # of a table that tenants share anyway
            return ForeignKeyConstraint(_names(constraint), targets, name=name, ondelete=constraint.ondelete)
        own = [element.parent.name for element in constraint.elements]
        there = targets[0].rpartition(".")[0]
        return ForeignKeyConstraint(
            [tenant, *own], [f"{there}.{tenant}", *targets], name=name, ondelete=_on_delete(constraint, own),
            onupdate=constraint.onupdate,
        )  # fmt: skip
    if isinstance(constraint, CheckConstraint):
        return CheckConstraint(constraint.sqltext, name=name)
    raise CatalogError(f"a {type(constraint).__name__} of a template's table can't be shared by tenants yet")


def _on_delete(constraint: ForeignKeyConstraint, own: Sequence[str]) -> str | None:
    """Return what a deleted parent does: SET NULL and SET DEFAULT name the columns, without the tenant's."""
    action = constraint.ondelete
    return f"{action} ({', '.join(own)})" if action and action.upper().startswith("SET ") else action


def _names(constraint: Any) -> list[str]:
    return [column.name for column in constraint.columns]


def _expressions(index: Index, table: Table) -> list[Any]:
    return [table.columns[e.name] if isinstance(e, Column) else text(str(e)) for e in index.expressions]


def _is_given(value: Any) -> bool:
    """Tell whether an option of an index says something; a condition has no truth of its own."""
    return value is not None and (isinstance(value, ClauseElement) or bool(value))
