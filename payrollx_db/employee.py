"""The employee service: who works where, their salary, and the papers that prove who they are."""

from payrollx_db.catalogs.payrollx.employee import Employee, EmployeeDocument, KycStatus, db, kyc_status, service

__all__ = ["Employee", "EmployeeDocument", "KycStatus", "db", "kyc_status", "service"]
