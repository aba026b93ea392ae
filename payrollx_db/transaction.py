"""The transaction service: payments sent to the chain, and what became of them."""

from payrollx_db.catalogs.payrollx.transaction import (
    Transaction,
    TransactionLog,
    TransactionStatus,
    TransactionType,
    db,
    service,
    transaction_status,
    transaction_type,
)

__all__ = [
    "Transaction",
    "TransactionLog",
    "TransactionStatus",
    "TransactionType",
    "db",
    "service",
    "transaction_status",
    "transaction_type",
]
