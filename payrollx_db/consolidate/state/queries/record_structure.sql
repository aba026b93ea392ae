-- Records the structure of a run's tables, as the query {{structure}} reads it, with the revisions that the database is
-- at. Recorded again, what was known of the same tables is replaced, and that of others stays.
INSERT INTO payrollx_meta.structures (run_id, revisions, objects)
SELECT %(run)s, %(revisions)s,
       coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(o.root, o.kind, o.table_name, o.name, o.properties)), '[]')
FROM ({structure}) AS o
ON CONFLICT (run_id) DO UPDATE
SET revisions = excluded.revisions,
    accepted_at = pg_catalog.clock_timestamp(),
    objects = excluded.objects || coalesce(
      (SELECT pg_catalog.jsonb_agg(o.value)
       FROM pg_catalog.jsonb_array_elements(structures.objects) AS o (value)
       WHERE o.value ->> 0 <> ALL (ARRAY(SELECT n.value ->> 0
                                         FROM pg_catalog.jsonb_array_elements(excluded.objects) AS n (value)))), '[]')
RETURNING pg_catalog.jsonb_array_length(objects)
