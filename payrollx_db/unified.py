"""All eight services together: the one MetaData with every table, PayrollX's catalog, and what crosses services.

>>> with unified.reader.session() as session: ...                    # reads everything, writes nothing
>>> with unified.transaction(payroll, wallet) as tx: ...             # tx.payroll and tx.wallet commit together
"""

from payrollx_db import auth, compliance, employee, notification, organization, payroll, wallet
from payrollx_db import transaction as transactions
from payrollx_db.base import metadata
from payrollx_db.catalog import Catalog
from payrollx_db.together import Reader, async_transaction, transaction

__all__ = ["CATALOG", "SERVICES", "async_transaction", "metadata", "reader", "transaction"]

SERVICES = (auth, organization, employee, wallet, payroll, transactions, notification, compliance)

CATALOG = Catalog.of("payrollx", metadata, [module.service for module in SERVICES])

reader = Reader(CATALOG.reader_role)
