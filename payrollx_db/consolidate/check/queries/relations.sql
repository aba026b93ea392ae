-- What this role may do with the tables of these oids, and what they do of their own accord. Partitions are looked for
-- once, and only where there are any: who does so for each table reads all of pg_class for each.
WITH parts AS MATERIALIZED (
  SELECT c.oid AS root, p.relid AS oid
  FROM pg_catalog.pg_class AS c CROSS JOIN LATERAL pg_catalog.pg_partition_tree(c.oid) AS p
  WHERE c.oid = ANY (%(tables)s::oid[]) AND c.relkind = 'p'
), places AS MATERIALIZED (  -- where rows lie: in the table itself, or in partitions of it at any depth
  SELECT c.oid AS root, c.oid, c.relname, c.relnamespace, c.relkind, c.reltablespace
  FROM pg_catalog.pg_class AS c
  WHERE c.oid = ANY (%(tables)s::oid[]) AND c.relkind IN ('r', 'm', 'f')
  UNION ALL
  SELECT p.root, c.oid, c.relname, c.relnamespace, c.relkind, c.reltablespace
  FROM parts AS p JOIN pg_catalog.pg_class AS c ON c.oid = p.oid
  WHERE c.relkind IN ('r', 'm', 'f')
), lying AS MATERIALIZED (
  SELECT l.root,
         pg_catalog.array_agg(pg_catalog.concat_ws('.', n.nspname, l.relname) ORDER BY n.nspname, l.relname)
           FILTER (WHERE l.relkind = 'f') AS foreign_tables,
         pg_catalog.array_agg(DISTINCT coalesce(ts.spcname::text, ''))
           FILTER (WHERE l.relkind <> 'f') AS tablespaces
  FROM places AS l
  JOIN pg_catalog.pg_namespace AS n ON n.oid = l.relnamespace
  LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = l.reltablespace
  GROUP BY l.root
), closed AS MATERIALIZED (
  SELECT x.indrelid AS root, pg_catalog.array_agg(DISTINCT ts.spcname::text) AS tablespaces
  FROM pg_catalog.pg_index AS x
  JOIN pg_catalog.pg_class AS xc ON xc.oid = x.indexrelid AND xc.reltablespace <> 0
  JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = xc.reltablespace
  WHERE x.indrelid = ANY (%(tables)s::oid[]) AND NOT pg_catalog.has_tablespace_privilege(ts.oid, 'CREATE')
  GROUP BY x.indrelid
)
SELECT c.oid::bigint AS oid,
       n.nspname::text AS schema,
       c.relname::text AS name,
       pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS schema_usable,
       pg_catalog.has_schema_privilege(n.oid, 'CREATE') AS schema_open,
       CASE WHEN pg_catalog.has_table_privilege(c.oid, 'SELECT') THEN '{}'::text[]
            ELSE ARRAY(SELECT a.attname::text
                       FROM pg_catalog.pg_attribute AS a
                       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                         AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
                       ORDER BY a.attnum) END AS unreadable,
       pg_catalog.row_security_active(c.oid) AS filtered,
       c.relforcerowsecurity AND pg_catalog.pg_has_role(c.relowner, 'USAGE') AS forced,
       c.relpersistence = 'u' AS unlogged,
       c.relreplident::text AS identity,
       -- The foreign tables that its rows lie in: itself, or partitions of it at any depth.
       coalesce(l.foreign_tables, '{}') AS foreign_tables,
       -- Tablespaces in which its indexes lie, and this role may build none: they couldn't come back there.
       CASE WHEN c.relkind = 'r' THEN coalesce(x.tablespaces, '{}') ELSE '{}' END AS closed_tablespaces,
       -- Where its rows lie, or those of its partitions; an empty name is the database's own tablespace.
       coalesce(l.tablespaces, '{}') AS tablespaces,
       -- As of its last ANALYZE: to ask for the real size would wait for whoever has locked the table.
       c.relpages::bigint * pg_catalog.current_setting('block_size')::int AS analyzed_size
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN lying AS l ON l.root = c.oid
LEFT JOIN closed AS x ON x.root = c.oid
WHERE c.oid = ANY (%(tables)s::oid[])
ORDER BY n.nspname, c.relname
