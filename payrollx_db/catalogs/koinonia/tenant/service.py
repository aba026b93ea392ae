"""The service that each tenant is: its schema ``tenant`` stands for that of a tenant, or is the one that all share.

The role is that of a login which serves all tenants: it may act as each tenant's.
"""

from payrollx_db.model.catalog import Service

service = Service("tenant", schema="tenant", role="koinonia_tenants")
HERE = {"schema": service.schema}
