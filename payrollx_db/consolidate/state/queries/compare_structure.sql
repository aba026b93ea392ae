-- What differs between the recorded structures of runs and what stands, which the query {{structure}} reads. Of a run,
-- only those objects count that belong to the tables that it was the last to write; but what any of these runs knew
-- isn't new.
WITH known AS MATERIALIZED (
  SELECT s.run_id, o.value ->> 0 AS root, o.value ->> 1 AS kind, o.value ->> 2 AS table_name, o.value ->> 3 AS name,
         o.value -> 4 AS properties
  FROM payrollx_meta.structures AS s CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(s.objects) AS o (value)
  WHERE s.run_id = ANY (%(runs)s)
), recorded AS MATERIALIZED (
  SELECT k.kind, k.table_name, k.name, k.properties
  FROM known AS k
  JOIN (SELECT w.run, pg_catalog.format('%%I.%%I', w.schema, w.name) AS root
        FROM ROWS FROM (pg_catalog.unnest(%(runs)s::bigint[]), pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(names)s::text[])) AS w (run, schema, name)) AS w
    ON (w.run, w.root) = (k.run_id, k.root)
), current AS MATERIALIZED (
  SELECT o.kind, o.table_name, o.name, o.properties FROM ({structure}) AS o
  -- Older versions recorded no types and no functions: then nothing says that these are new.
  WHERE o.kind NOT IN ('type', 'function') OR EXISTS (SELECT FROM known AS k WHERE k.kind IN ('type', 'function'))
), differing AS MATERIALIZED (
  SELECT * FROM recorded EXCEPT SELECT * FROM current
)
SELECT 'recorded', d.* FROM differing AS d
UNION ALL
-- Two runs may have recorded a foreign key, each as it was then: what stands is shown beside each that differs from it.
SELECT 'current', d.*
FROM (SELECT * FROM current EXCEPT SELECT kind, table_name, name, properties FROM known
      UNION
      SELECT c.* FROM current AS c JOIN differing USING (kind, table_name, name)) AS d
UNION ALL
SELECT 'compared', '', '', '', pg_catalog.to_jsonb(pg_catalog.count(DISTINCT (kind, table_name, name))) FROM recorded
ORDER BY 1, 2, 3, 4
