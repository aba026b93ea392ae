-- How protected tables stand: their definition, and how many of their rows this transaction has changed.
-- A table that is rewritten or truncated has another file.
SELECT n.nspname || '.' || c.relname AS name,
  (
    SELECT pg_catalog.jsonb_build_object(
      'file', c.relfilenode, 'kind', c.relkind, 'row security', ARRAY[c.relrowsecurity, c.relforcerowsecurity],
      'owner', c.relowner, 'grants', c.relacl::text, 'options', ARRAY[
        c.reloptions::text, c.relpersistence::text, c.relreplident::text, c.reltablespace::text, c.relispartition::text
      ], 'comment', pg_catalog.obj_description(c.oid, 'pg_class'), 'parents and children', (
        SELECT pg_catalog.jsonb_agg(ARRAY[h.inhrelid, h.inhparent] ORDER BY h.inhrelid, h.inhparent)
        FROM pg_catalog.pg_inherits AS h WHERE c.oid IN (h.inhrelid, h.inhparent)
      ), 'foreign keys to it', (
        SELECT pg_catalog.jsonb_object_agg(k.oid, pg_catalog.pg_get_constraintdef(k.oid))
        FROM pg_catalog.pg_constraint AS k WHERE k.confrelid = c.oid AND k.conrelid <> c.oid
      ), 'publications', (
        SELECT pg_catalog.jsonb_agg(p.prpubid ORDER BY p.prpubid)
        FROM pg_catalog.pg_publication_rel AS p WHERE p.prrelid = c.oid
      ), 'statistics', (
        SELECT pg_catalog.jsonb_agg(pg_catalog.pg_get_statisticsobjdef(x.oid) ORDER BY x.oid)
        FROM pg_catalog.pg_statistic_ext AS x WHERE x.stxrelid = c.oid
      ), 'columns', (
        SELECT pg_catalog.jsonb_agg(ARRAY[
            a.attnum::text, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
            a.attidentity::text, a.attgenerated::text, pg_catalog.pg_get_expr(d.adbin, d.adrelid),
            a.attcollation::text, a.attstorage::text, a.attcompression::text, a.attstattarget::text,
            a.attoptions::text, a.attacl::text, pg_catalog.col_description(c.oid, a.attnum)
          ] ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a
        LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      ), 'constraints', (
        SELECT pg_catalog.jsonb_object_agg(conname, pg_catalog.pg_get_constraintdef(k.oid))
        FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = c.oid
      ), 'indexes', (
        SELECT pg_catalog.jsonb_agg(pg_catalog.pg_get_indexdef(i.indexrelid) ORDER BY i.indexrelid)
        FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid
      ), 'triggers', (
        SELECT pg_catalog.jsonb_object_agg(t.tgname, pg_catalog.pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text)
        FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
      ), 'policies', (
        SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(p) - 'oid' ORDER BY p.polname)
        FROM pg_catalog.pg_policy AS p WHERE p.polrelid = c.oid
      ), 'rules', (
        SELECT pg_catalog.jsonb_object_agg(r.rulename, pg_catalog.pg_get_ruledef(r.oid))
        FROM pg_catalog.pg_rewrite AS r WHERE r.ev_class = c.oid
      )
    )
  ) AS definition,
  coalesce((
    SELECT s.n_tup_ins + s.n_tup_upd + s.n_tup_del
    FROM pg_catalog.pg_stat_xact_all_tables AS s WHERE s.relid = c.oid
  ), 0) AS changed
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname || '.' || c.relname = ANY (:tables)
