-- An index's definition stands without its name, so that one of another name can be known as the same.
SELECT s.root,
       'index',
       s.name,
       pg_catalog.quote_ident(c.relname),
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'definition', pg_catalog.overlay(
           d.text, '', pg_catalog.strpos(d.text, pg_catalog.quote_ident(c.relname) || ' ON '),
           pg_catalog.length(pg_catalog.quote_ident(c.relname)) + 1),
         'invalid', NULLIF(NOT i.indisvalid, false),
         'not ready', NULLIF(NOT (i.indisready AND i.indislive), false),
         'unattached', CASE WHEN t.relispartition AND NOT c.relispartition THEN true END,
         'part of', CASE WHEN c.relispartition THEN (SELECT pg_catalog.jsonb_build_array(pg_catalog.format('%%I.%%I', pn.nspname, pt.relname), pg_catalog.quote_ident(pc.relname))
                     FROM pg_catalog.pg_inherits AS h
                     JOIN pg_catalog.pg_index AS pi ON pi.indexrelid = h.inhparent
                     JOIN pg_catalog.pg_class AS pc ON pc.oid = h.inhparent
                     JOIN pg_catalog.pg_class AS pt ON pt.oid = pi.indrelid
                     JOIN pg_catalog.pg_namespace AS pn ON pn.oid = pt.relnamespace
                     WHERE h.inhrelid = c.oid) END,
         'clustered', NULLIF(i.indisclustered, false),
         'replica identity', NULLIF(i.indisreplident, false),
         'tablespace', pg_catalog.quote_ident(b.spcname),
         'statistics targets', (SELECT pg_catalog.jsonb_object_agg(a.attnum, a.attstattarget) FROM pg_catalog.pg_attribute AS a
                                WHERE a.attrelid = c.oid AND coalesce(a.attstattarget, -1) <> -1),
         'comment', said.description
       ))
FROM scope AS s
JOIN pg_catalog.pg_index AS i ON i.indrelid = s.oid
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
LEFT JOIN pg_catalog.pg_tablespace AS b ON b.oid = c.reltablespace
LEFT JOIN pg_catalog.pg_description AS said
  ON said.objoid = c.oid AND said.classoid = 'pg_catalog.pg_class'::regclass AND said.objsubid = 0
-- Not to be written into each place that uses it: it is the dearest of all that a record takes.
CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_indexdef(i.indexrelid) AS text OFFSET 0) AS d
