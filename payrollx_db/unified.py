"""All eight services together: the one MetaData with every table, and PayrollX's catalog."""

from payrollx_db import (
    auth,
    compliance,
    employee,
    notification,
    organization,
    payroll,
    transaction,
    wallet,
)
from payrollx_db.base import metadata
from payrollx_db.catalog import Catalog

__all__ = ["CATALOG", "metadata"]

SERVICES = (auth, organization, employee, wallet, payroll, transaction, notification, compliance)

CATALOG = Catalog.of("payrollx", metadata, [module.service for module in SERVICES])
