SELECT s.database, s.source, pg_catalog.count(*),
       pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(s.key, s.reason) ORDER BY s.place)
         FILTER (WHERE s.place <= %(examples)s)
FROM (SELECT database, source, key, reason,
             pg_catalog.row_number() OVER (PARTITION BY database, source ORDER BY key) AS place
      FROM payrollx_meta.stuck) AS s
GROUP BY s.database, s.source
ORDER BY s.database, s.source
