"""The auth service: who may log in, with which tokens, and what they did."""

from payrollx_db.catalogs.payrollx.auth import AuditLog, RefreshToken, User, db, service

__all__ = ["AuditLog", "RefreshToken", "User", "db", "service"]
