-- Forgets what a verification that is done has kept of these pairs of source and target.
DELETE FROM payrollx_meta.verified_so_far
WHERE (source, target) IN (SELECT t.source, t.target FROM ROWS FROM (pg_catalog.unnest(%s::text[]), pg_catalog.unnest(%s::text[])) AS t (source, target))
