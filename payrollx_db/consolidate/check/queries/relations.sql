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
       c.relforcerowsecurity AND pg_catalog.pg_has_role(c.relowner, 'USAGE') AS forced,
       c.relpersistence = 'u' AS unlogged,
       c.relreplident::text AS identity,
       -- The foreign tables that its rows lie in: itself, or partitions of it at any depth.
       ARRAY(SELECT pg_catalog.concat_ws('.', fn.nspname, f.relname)
             FROM (SELECT c.oid UNION SELECT t.relid FROM pg_catalog.pg_partition_tree(c.oid) AS t) AS below (oid)
             JOIN pg_catalog.pg_class AS f ON f.oid = below.oid AND f.relkind = 'f'
             JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.relnamespace
             ORDER BY 1) AS foreign_tables,
       -- Tablespaces in which its indexes lie, and this role may build none: they couldn't come back there.
       ARRAY(SELECT DISTINCT ts.spcname::text
             FROM pg_catalog.pg_index AS x
             JOIN pg_catalog.pg_class AS xc ON xc.oid = x.indexrelid
             JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = xc.reltablespace
             WHERE x.indrelid = c.oid AND c.relkind = 'r' AND NOT pg_catalog.has_tablespace_privilege(ts.oid, 'CREATE')
             ORDER BY 1) AS closed_tablespaces,
       -- Where its rows lie, or those of its partitions; an empty name is the database's own tablespace.
       ARRAY(SELECT DISTINCT coalesce(ts.spcname::text, '')
             FROM (SELECT c.oid UNION SELECT t.relid FROM pg_catalog.pg_partition_tree(c.oid) AS t) AS below (oid)
             JOIN pg_catalog.pg_class AS leaf ON leaf.oid = below.oid AND leaf.relkind IN ('r', 'm')
             LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = leaf.reltablespace
             ORDER BY 1) AS tablespaces,
       -- As of its last ANALYZE: to ask for the real size would wait for whoever has locked the table.
       c.relpages::bigint * pg_catalog.current_setting('block_size')::int AS analyzed_size
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = ANY (%(tables)s::oid[])
ORDER BY n.nspname, c.relname
