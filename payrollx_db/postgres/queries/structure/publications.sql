-- Publications that send these tables, by name, with their schema, or as all tables; and those that are listed.
SELECT DISTINCT u.root,
       'publication',
       pg_catalog.quote_ident(b.pubname),
       '',
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'all tables', NULLIF(b.puballtables, false),
         'schemas', (SELECT pg_catalog.jsonb_agg(pg_catalog.quote_ident(n.nspname) ORDER BY n.nspname)
                     FROM whole AS w JOIN pg_catalog.pg_namespace AS n ON n.oid = w.schema WHERE w.publication = b.oid),
         'publishes', pg_catalog.concat_ws(', ', CASE WHEN b.pubinsert THEN 'insert' END, CASE WHEN b.pubupdate THEN 'update' END,
                                           CASE WHEN b.pubdelete THEN 'delete' END, CASE WHEN b.pubtruncate THEN 'truncate' END),
         'by way of the root', NULLIF(b.pubviaroot, false),
         'generated columns', NULLIF(pg_catalog.to_jsonb(b) ->> 'pubgencols', 'n'),
         'owner', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(b.pubowner)),
         'comment', pg_catalog.obj_description(b.oid, 'pg_publication')
       ))
FROM (
  SELECT s.root, r.prpubid AS oid FROM scope AS s JOIN pg_catalog.pg_publication_rel AS r ON r.prrelid = s.oid
  UNION
  SELECT s.root, w.publication
  FROM scope AS s JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schema JOIN whole AS w ON w.schema = n.oid
  WHERE s.relkind IN ('r', 'p')
  UNION
  SELECT s.root, a.oid FROM scope AS s CROSS JOIN pg_catalog.pg_publication AS a WHERE a.puballtables AND s.relkind IN ('r', 'p')
  UNION
  SELECT '', l.oid FROM pg_catalog.pg_publication AS l WHERE pg_catalog.quote_ident(l.pubname) = ANY (%(listed)s::text[])
) AS u
JOIN pg_catalog.pg_publication AS b ON b.oid = u.oid
