"""The service that each tenant is: its schema ``tenant`` stands for that of a tenant, or is the one that all share."""

from payrollx_db.model.catalog import Service

service = Service("tenant", schema="tenant", role="koinonia_tenant")
HERE = {"schema": service.schema}
