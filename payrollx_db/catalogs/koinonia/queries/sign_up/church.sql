INSERT INTO registry.churches (id, name, email, telnyx_phone_number, trial_ends_at)
VALUES (%(id)s, %(name)s, %(email)s, nullif(%(phone_number)s, ''), pg_catalog.now() + interval '14 days')
-- A church outlives its tenant; where it comes back, its row is taken on. Where it has a tenant, that one's row is refused.
ON CONFLICT (id) DO UPDATE
SET name = excluded.name, email = excluded.email, telnyx_phone_number = excluded.telnyx_phone_number
