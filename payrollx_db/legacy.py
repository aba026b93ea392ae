"""PayrollX's legacy layout: eight Prisma databases, one a service, and where each column of theirs goes."""

from payrollx_db.catalogs.payrollx.legacy import LAYOUT

__all__ = ["LAYOUT"]
