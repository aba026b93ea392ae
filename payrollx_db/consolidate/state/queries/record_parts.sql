-- Parts that begin anew, all of them under one snapshot.
INSERT INTO payrollx_meta.parts (run_id, source, target, part, snapshot, slices)
SELECT $1, p.source, p.target, $4, $5::text::pg_snapshot, 1
FROM ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) AS p (source, target)
ON CONFLICT (run_id, source, target, part)
DO UPDATE SET snapshot = excluded.snapshot, slices = excluded.slices, finished_at = NULL
