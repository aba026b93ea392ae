-- Where it stood before the run's first attempt is what undoing puts back.
INSERT INTO payrollx_meta.sequences (run_id, schema, name, value_before, called_before, value, called)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (run_id, schema, name) DO UPDATE SET value = excluded.value, called = excluded.called
