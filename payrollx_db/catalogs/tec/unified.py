"""All 25 services together: the one MetaData with every table, TEC's catalog, and who may read it all."""

from payrollx_db.catalogs.tec import (
    alert,
    analytics,
    assets,
    base,
    brookfield,
    commerce,
    connection,
    dx,
    ecommerce,
    elite,
    epic,
    estate,
    explorer,
    fundx,
    insure,
    legend,
    life,
    nbf,
    nexus,
    nx,
    shared,
    system,
    tec,
    titan,
    vip,
    zone,
)
from payrollx_db.catalogs.tec.base import metadata
from payrollx_db.facade.reader import Reader
from payrollx_db.model.catalog import Catalog
from payrollx_db.schema.shipped import folder

__all__ = ["CATALOG", "SERVICES", "metadata", "reader"]

SERVICES = (
    shared,
    life,
    assets,
    fundx,
    nbf,
    insure,
    commerce,
    ecommerce,
    dx,
    analytics,
    system,
    alert,
    nx,
    nexus,
    epic,
    legend,
    vip,
    estate,
    brookfield,
    connection,
    elite,
    explorer,
    titan,
    zone,
    tec,
)

CATALOG = Catalog.of(
    "tec",
    metadata,
    [module.service for module in SERVICES],
    owner_role="tec_owner",
    reader_role="tec_reader",
    migrations=folder("alembic") / "tec",
    layouts={
        "legacy": "payrollx_db.catalogs.tec.legacy:LAYOUT",
        "shared": "payrollx_db.catalogs.tec.legacy.hostings:SHARED",
        "hybrid": "payrollx_db.catalogs.tec.legacy.hostings:HYBRID",
    },
    option="tec",
    seed="payrollx_db.catalogs.tec.seed:SEED",
    practice="payrollx_db.catalogs.tec.practice:make_legacy",
)

reader = Reader(CATALOG.reader_role, catalog=base.CATALOG)
