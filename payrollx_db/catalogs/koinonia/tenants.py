"""The churches in a service's process, in each shape: ``apart.session(id)`` where each has a schema, else ``shared``.

The classes of `payrollx_db.catalogs.koinonia.tenant` are the same in both.
"""

from payrollx_db.catalogs.koinonia import base
from payrollx_db.tenants.client import Tenants

__all__ = ["apart", "shared"]

apart = Tenants(base.CATALOG)
shared = Tenants("payrollx_db.catalogs.koinonia.shared:CATALOG")
