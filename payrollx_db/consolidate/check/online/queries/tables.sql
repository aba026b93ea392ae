-- The tables of these oids and all of their partitions, as the log and a trigger would meet them.
WITH members AS (
  SELECT t.oid AS root, t.oid AS oid FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
  UNION
  SELECT t.oid, p.relid
  FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
  CROSS JOIN LATERAL pg_catalog.pg_partition_tree(t.oid::regclass) AS p
)
SELECT m.root::bigint AS root,
       c.oid::bigint AS oid,
       n.nspname::text AS schema,
       c.relname::text AS name,
       c.relkind::text AS kind,
       c.relpersistence::text AS persistence,
       pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
       pg_catalog.has_table_privilege(c.oid, 'INSERT') AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')
         AND pg_catalog.has_table_privilege(c.oid, 'DELETE') AS writable,
       pg_catalog.row_security_active(c.oid) AS filtered,
       c.relreplident::text AS identity,
       -- What the log has of a row that is deleted; NULL where that is all of it.
       CASE c.relreplident
         WHEN 'f' THEN NULL
         WHEN 'n' THEN '{}'
         ELSE ARRAY(SELECT a.attname::text
                    FROM pg_catalog.pg_index AS x
                    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey)
                    WHERE x.indrelid = c.oid AND x.indisvalid AND x.indimmediate
                      AND CASE c.relreplident WHEN 'd' THEN x.indisprimary ELSE x.indisreplident END
                    ORDER BY a.attnum)
       END AS logged,
       ARRAY(SELECT a.attname::text
             FROM pg_catalog.pg_index AS x
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey)
             WHERE x.indrelid = c.oid AND x.indisprimary
             ORDER BY a.attnum) AS key,
       ARRAY(SELECT a.attname::text
             FROM pg_catalog.pg_index AS x
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey)
             WHERE x.indrelid = c.oid AND (x.indisprimary OR x.indisreplident) AND a.attgenerated <> ''
             ORDER BY a.attnum) AS generated,
       -- Uniques that could be its identity: over columns that are never NULL, over all rows, checked at once.
       ARRAY(SELECT xc.relname::text
             FROM pg_catalog.pg_index AS x
             JOIN pg_catalog.pg_class AS xc ON xc.oid = x.indexrelid
             WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND x.indimmediate
               AND x.indpred IS NULL AND x.indexprs IS NULL
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                               WHERE a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey) AND NOT a.attnotnull)
             ORDER BY x.indnatts, 1) AS uniques,
       ARRAY(SELECT t.tgname::text FROM pg_catalog.pg_trigger AS t
             WHERE t.tgrelid = c.oid AND t.tgname IN ('payrollx_moved', 'payrollx_moved_rows')) AS named_trigger,
       ARRAY(SELECT s.subname::text
             FROM pg_catalog.pg_subscription_rel AS r
             JOIN pg_catalog.pg_subscription AS s ON s.oid = r.srsubid
             WHERE r.srrelid = c.oid AND s.subenabled
             ORDER BY 1) AS subscriptions
FROM members AS m
JOIN pg_catalog.pg_class AS c ON c.oid = m.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY m.root, (c.oid <> m.root), n.nspname, c.relname
