-- What differs between the recorded structures of runs and what stands, which the query {{structure}} reads. Of a run,
-- only those objects count that belong to the tables that it was the last to write; but what any of these runs knew
-- isn't new.
WITH unknown AS MATERIALIZED (
  -- What older versions, whose records have no schemas, didn't record: where one of the records is theirs, nothing is
  -- said of it.
  SELECT CASE WHEN older THEN ARRAY['schema', 'view column', 'publication', 'event trigger'] ELSE '{{}}' END AS kinds,
         CASE WHEN older THEN ARRAY['owner lacks', 'detach pending', 'of type', 'published so', 'check comments',
                                    'attribute comments', 'not null, not inherited', 'part of'] ELSE '{{}}' END AS properties,
         older
  FROM (SELECT EXISTS (SELECT FROM payrollx_meta.structures AS s
                       WHERE s.run_id = ANY (%(runs)s) AND s.objects <> '[]'
                         AND NOT s.objects @? 'strict $[*] ? (@[1] == "schema")') AS older) AS r
), known AS MATERIALIZED (
  SELECT s.run_id, o.value ->> 0 AS root, o.value ->> 1 AS kind, o.value ->> 2 AS table_name, o.value ->> 3 AS name,
         CASE WHEN u.older AND o.value ->> 1 IN ('type', 'function') THEN (o.value -> 4) - 'privileges' ELSE o.value -> 4 END
         - u.properties AS properties
  FROM payrollx_meta.structures AS s CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(s.objects) AS o (value)
  CROSS JOIN unknown AS u
  WHERE s.run_id = ANY (%(runs)s) AND o.value ->> 1 <> ALL (u.kinds)
), recorded AS MATERIALIZED (
  SELECT k.kind, k.table_name, k.name, k.properties
  FROM known AS k
  JOIN (SELECT w.run, pg_catalog.format('%%I.%%I', w.schema, w.name) AS root
        FROM ROWS FROM (pg_catalog.unnest(%(runs)s::bigint[]), pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(names)s::text[])) AS w (run, schema, name)) AS w
    ON (w.run, w.root) = (k.run_id, k.root)
), current AS MATERIALIZED (
  SELECT o.kind, o.table_name, o.name,
         CASE WHEN u.older AND o.kind IN ('type', 'function') THEN o.properties - 'privileges' ELSE o.properties END
         - u.properties AS properties
  FROM ({structure}) AS o CROSS JOIN unknown AS u
  -- Older versions recorded no types and no functions: then nothing says that these are new.
  WHERE o.kind <> ALL (u.kinds)
    AND (o.kind NOT IN ('type', 'function') OR EXISTS (SELECT FROM known AS k WHERE k.kind IN ('type', 'function')))
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
