DELETE FROM payrollx_meta.slices AS s
USING ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) AS p (source, target)
WHERE (s.run_id, s.source, s.target, s.part) = ($1, p.source, p.target, $4)
