INSERT INTO registry.churches (id, name, email, telnyx_phone_number, trial_ends_at)
VALUES (%(id)s, %(name)s, %(email)s, nullif(%(phone_number)s, ''), pg_catalog.now() + interval '14 days')
