INSERT INTO payrollx_meta.parts (run_id, source, target, part, snapshot, slices)
VALUES ($1, $2, $3, $4, $5::text::pg_snapshot, $6)
ON CONFLICT (run_id, source, target, part)
DO UPDATE SET snapshot = excluded.snapshot, slices = excluded.slices, finished_at = NULL
