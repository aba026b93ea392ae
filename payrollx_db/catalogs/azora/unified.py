"""All nine services together: the one MetaData with every table, Azora's catalog, and who may read it all."""

from payrollx_db.catalogs.azora import (
    ai_family,
    auth,
    base,
    education,
    forge,
    health_monitor,
    mint,
    nexus,
    notification,
    sapiens,
)
from payrollx_db.catalogs.azora.base import metadata
from payrollx_db.facade.reader import Reader
from payrollx_db.model.catalog import Catalog
from payrollx_db.schema.shipped import folder

__all__ = ["CATALOG", "SERVICES", "metadata", "reader"]

SERVICES = (auth, education, mint, forge, sapiens, nexus, ai_family, notification, health_monitor)

CATALOG = Catalog.of(
    "azora",
    metadata,
    [module.service for module in SERVICES],
    owner_role="azora_owner",
    reader_role="azora_reader",
    migrations=folder("alembic") / "azora",
    layouts={"legacy": "payrollx_db.catalogs.azora.legacy:LAYOUT"},
    option="azora",
    seed="payrollx_db.catalogs.azora.seed:SEED",
    practice="payrollx_db.catalogs.azora.practice:make_legacy",
)

reader = Reader(CATALOG.reader_role, catalog=base.CATALOG)
