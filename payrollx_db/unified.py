"""All eight services together: the one MetaData with every table, PayrollX's catalog, and what crosses services."""

from payrollx_db.catalogs.payrollx.unified import CATALOG, SERVICES, async_transaction, metadata, reader, transaction

__all__ = ["CATALOG", "SERVICES", "async_transaction", "metadata", "reader", "transaction"]
