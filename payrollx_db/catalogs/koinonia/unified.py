"""The registry and the template together: the MetaData with every table, the catalog, and who may read the registry.

Each tenant has a schema of its own, and a role. `payrollx_db.catalogs.koinonia.shared` is the other shape.
"""

from payrollx_db.catalogs.koinonia import base, registry, tenant
from payrollx_db.catalogs.koinonia.base import metadata
from payrollx_db.catalogs.koinonia.template import TEMPLATE
from payrollx_db.facade.reader import Reader
from payrollx_db.model.catalog import Catalog
from payrollx_db.schema.shipped import folder

__all__ = ["CATALOG", "metadata", "reader", "tenant"]

CATALOG = Catalog.of(
    "koinonia",
    metadata,
    [registry.service],
    owner_role="koinonia_owner",
    reader_role="koinonia_reader",
    migrations=folder("alembic") / "koinonia",
    layouts={"legacy": "payrollx_db.catalogs.koinonia.legacy:LAYOUT"},
    option="koinonia",
    seed="payrollx_db.catalogs.koinonia.seed:SEED",
    practice="payrollx_db.catalogs.koinonia.practice:make_legacy",
    template=TEMPLATE,
)

reader = Reader(CATALOG.reader_role, catalog=base.CATALOG)
