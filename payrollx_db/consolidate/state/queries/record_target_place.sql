UPDATE payrollx_meta.attempts AS a SET target_place = %(place)s::jsonb
WHERE a.run_id = %(run)s
  AND a.attempt = (SELECT pg_catalog.max(b.attempt) FROM payrollx_meta.attempts AS b WHERE b.run_id = %(run)s)
