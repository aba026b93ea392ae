INSERT INTO registry.phone_number_registry (id, phone_number, tenant_id)
SELECT %(number_id)s, telnyx_phone_number, id FROM registry.tenants WHERE id = %(id)s AND telnyx_phone_number IS NOT NULL
