"""The wallet service: where employees are paid, and what went in and out there."""

from payrollx_db.catalogs.payrollx.wallet import (
    TransactionDirection,
    Wallet,
    WalletTransaction,
    db,
    service,
    transaction_direction,
)

__all__ = ["TransactionDirection", "Wallet", "WalletTransaction", "db", "service", "transaction_direction"]
