-- What this role may do with the tables of these oids, and what they do of their own accord.
SELECT c.oid::bigint AS oid,
       n.nspname::text AS schema,
       c.relname::text AS name,
       pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS schema_usable,
       pg_catalog.has_schema_privilege(n.oid, 'CREATE') AS schema_open,
       ARRAY(SELECT a.attname::text
             FROM pg_catalog.pg_attribute AS a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
               AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
             ORDER BY a.attnum) AS unreadable,
       pg_catalog.row_security_active(c.oid) AS filtered,
       c.relpersistence = 'u' AS unlogged,
       c.relreplident::text AS identity,
       -- As of its last ANALYZE: to ask for the real size would wait for whoever has locked the table.
       c.relpages::bigint * pg_catalog.current_setting('block_size')::int AS analyzed_size,
       -- Those that fire for each row or COPY that arrives, once where a partitioned table hands them down.
       ARRAY(SELECT t.tgname::text
             FROM pg_catalog.pg_trigger AS t
             WHERE (t.tgrelid = c.oid OR t.tgrelid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(c.oid) AS p))
               AND NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled IN ('O', 'A') AND t.tgtype & 4 <> 0
               AND t.tgname <> 'payrollx_audit' -- ours, which passes over what the owner does, and so a copy
             ORDER BY t.tgname) AS triggers
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = ANY (%(tables)s::oid[])
ORDER BY n.nspname, c.relname
