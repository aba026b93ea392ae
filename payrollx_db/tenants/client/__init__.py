"""Tenants in a service's process: where each one is, and sessions that are one tenant's and nobody else's."""

from payrollx_db.tenants.client.places import TenantPlace
from payrollx_db.tenants.client.shutdown import close_on_signals
from payrollx_db.tenants.client.tenants import Tenants

__all__ = ["TenantPlace", "Tenants", "close_on_signals"]
