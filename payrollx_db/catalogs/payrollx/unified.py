"""All eight services together: the one MetaData with every table, PayrollX's catalog, and what crosses services.

>>> with unified.reader.session() as session: ...                    # reads everything, writes nothing
>>> with unified.transaction(payroll, wallet) as tx: ...             # tx.payroll and tx.wallet commit together
"""

from payrollx_db.catalogs.payrollx import auth, base, compliance, employee, notification, organization, payroll, wallet
from payrollx_db.catalogs.payrollx import transaction as transactions
from payrollx_db.catalogs.payrollx.base import metadata
from payrollx_db.catalogs.payrollx.unit_of_work import async_transaction, transaction
from payrollx_db.facade.reader import Reader
from payrollx_db.model.catalog import Catalog
from payrollx_db.schema.shipped import folder

__all__ = ["CATALOG", "SERVICES", "async_transaction", "metadata", "reader", "transaction"]

SERVICES = (auth, organization, employee, wallet, payroll, transactions, notification, compliance)

CATALOG = Catalog.of(
    "payrollx",
    metadata,
    [module.service for module in SERVICES],
    migrations=folder("alembic") / "versions",
    layouts={"legacy": "payrollx_db.catalogs.payrollx.legacy:LAYOUT"},
    option="",  # it is the default
    seed="payrollx_db.catalogs.payrollx.seed.insert:SEED",
    practice="payrollx_db.catalogs.payrollx.practice.databases:make_legacy",
)

reader = Reader(CATALOG.reader_role, catalog=base.CATALOG)
