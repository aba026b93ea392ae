"""The organization service: the companies that pay, and their settings."""

from payrollx_db.catalogs.payrollx.organization import Organization, OrganizationSettings, db, service

__all__ = ["Organization", "OrganizationSettings", "db", "service"]
