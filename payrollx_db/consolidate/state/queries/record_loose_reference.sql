INSERT INTO payrollx_meta.loose_references (run_id, reference, rows, orphans, problem) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (run_id, reference) DO UPDATE
SET rows = EXCLUDED.rows, orphans = EXCLUDED.orphans, problem = EXCLUDED.problem,
    counted_at = pg_catalog.clock_timestamp()
