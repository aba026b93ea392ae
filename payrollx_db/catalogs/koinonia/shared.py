"""The same tables as all tenants share them: each is there once, and a tenant's id leads all its keys.

What can't be said where each tenant has a schema is declared here: the admin that an e-mail address leads to.
"""

from dataclasses import replace

from sqlalchemy import Index

from payrollx_db.catalogs.koinonia import registry, tenant
from payrollx_db.catalogs.koinonia.base import metadata as template_metadata
from payrollx_db.catalogs.koinonia.template import TEMPLATE as SCHEMAS
from payrollx_db.facade.reader import Reader
from payrollx_db.model.catalog import Catalog, loose_reference
from payrollx_db.model.shared import row_security, shared_metadata
from payrollx_db.schema.shipped import folder

__all__ = ["CATALOG", "TEMPLATE", "metadata", "reader", "tenant"]

TEMPLATE = replace(
    SCHEMAS,
    shape="shared",
    service=replace(SCHEMAS.service, role="koinonia_shared_tenants", extras=row_security(SCHEMAS, template_metadata)),
)

metadata = shared_metadata(template_metadata, TEMPLATE)

# The admin that an e-mail address leads to. No foreign key says it: the registry is copied before its tenants are, and
# each tenant can be emptied and copied again while the registry's rows stay.
_index = metadata.tables["registry.admin_email_index"]
for _name, _target in (("tenant_id", "tenant.admins.tenant_id"), ("admin_id", "tenant.admins.id")):
    _index.columns[_name].info.update(loose_reference(_target, together="admin"))
_index.indexes.discard(next(index for index in _index.indexes if index.columns.keys() == ["tenant_id"]))
Index(None, _index.c.tenant_id, _index.c.admin_id)

CATALOG = Catalog.of(
    "koinonia-shared",
    metadata,
    [registry.service],
    owner_role="koinonia_owner",
    reader_role="koinonia_reader",
    migrations=folder("alembic") / "koinonia_shared",
    layouts={"legacy": "payrollx_db.catalogs.koinonia.legacy:SHARED"},
    option="koinonia-shared",
    seed="payrollx_db.catalogs.koinonia.seed:SHARED",
    practice="payrollx_db.catalogs.koinonia.practice:make_legacy",
    template=TEMPLATE,
)

reader = Reader(CATALOG.reader_role, catalog="payrollx_db.catalogs.koinonia.shared:CATALOG")
