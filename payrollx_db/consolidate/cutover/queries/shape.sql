-- A fingerprint of the tables here and their columns, but for partitions and what is ours, to notice a change.
SELECT pg_catalog.md5(COALESCE(pg_catalog.string_agg(
           pg_catalog.concat_ws(' ', c.oid, n.nspname, c.relname, c.relkind, a.attnum, a.attname, a.atttypid,
                                a.atttypmod, a.attnotnull, a.attgenerated, a.attidentity),
           ',' ORDER BY c.oid, a.attnum), ''))
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'payrollx', 'payrollx_meta')
