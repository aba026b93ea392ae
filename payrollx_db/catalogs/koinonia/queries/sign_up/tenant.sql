INSERT INTO registry.tenants (
    id, church_id, name, email, schema, subscription_plan, telnyx_phone_number, trial_ends_at
)
SELECT id, id, name, email, %(schema)s, coalesce(%(plan)s, 'starter'), telnyx_phone_number, trial_ends_at
FROM registry.churches WHERE id = %(id)s
