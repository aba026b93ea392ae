-- The attempt that is under way has ended; what an earlier one said stays.
UPDATE payrollx_meta.attempts
SET ended_at = pg_catalog.clock_timestamp(), status = %(status)s, message = %(message)s
WHERE run_id = %(run)s AND ended_at IS NULL
  AND attempt = (SELECT pg_catalog.max(a.attempt) FROM payrollx_meta.attempts AS a WHERE a.run_id = %(run)s)
