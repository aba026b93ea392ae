"""The same tables as all tenants share them: each is there once, and a tenant's id leads all its keys.

What stays loose where each tenant has a schema is enforced here: the admin that an e-mail address leads to.
"""

from dataclasses import replace

from sqlalchemy import ForeignKeyConstraint, Index

from payrollx_db.catalogs.koinonia import registry, tenant
from payrollx_db.catalogs.koinonia.base import metadata as template_metadata
from payrollx_db.catalogs.koinonia.template import TEMPLATE as SCHEMAS
from payrollx_db.facade.reader import Reader
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.shared import row_security, shared_metadata
from payrollx_db.schema.shipped import folder

__all__ = ["CATALOG", "TEMPLATE", "metadata", "reader", "tenant"]

TEMPLATE = replace(
    SCHEMAS,
    shape="shared",
    service=replace(SCHEMAS.service, extras=row_security(SCHEMAS, template_metadata)),
)

metadata = shared_metadata(template_metadata, TEMPLATE)

_index = metadata.tables["registry.admin_email_index"]
_index.append_constraint(
    ForeignKeyConstraint(["tenant_id", "admin_id"], ["tenant.admins.tenant_id", "tenant.admins.id"], ondelete="CASCADE")
)
Index(None, _index.c.tenant_id, _index.c.admin_id)
_index.indexes.discard(next(index for index in _index.indexes if index.columns.keys() == ["tenant_id"]))

CATALOG = Catalog.of(
    "koinonia-shared",
    metadata,
    [registry.service],
    owner_role="koinonia_owner",
    reader_role="koinonia_reader",
    migrations=folder("alembic") / "koinonia_shared",
    layouts={"legacy": "payrollx_db.catalogs.koinonia.legacy:SHARED"},
    option="koinonia-shared",
    practice="payrollx_db.catalogs.koinonia.practice:make_legacy",
    template=TEMPLATE,
)

reader = Reader(CATALOG.reader_role, catalog="payrollx_db.catalogs.koinonia.shared:CATALOG")
