"""The payroll service: what is due to whom, in which run, and when the next run comes."""

from payrollx_db.catalogs.payrollx.payroll import (
    PayrollItem,
    PayrollRun,
    PayrollSchedule,
    PayrollStatus,
    db,
    payroll_status,
    service,
)

__all__ = ["PayrollItem", "PayrollRun", "PayrollSchedule", "PayrollStatus", "db", "payroll_status", "service"]
