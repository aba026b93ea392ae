UPDATE payrollx_meta.parts SET finished_at = pg_catalog.clock_timestamp()
WHERE (run_id, source, target, part) = ($1, $2, $3, $4)
