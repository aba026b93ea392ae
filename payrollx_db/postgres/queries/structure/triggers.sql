SELECT s.root,
       'trigger',
       s.name,
       pg_catalog.quote_ident(t.tgname),
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'definition', pg_catalog.pg_get_triggerdef(t.oid),
         'enabled', NULLIF(t.tgenabled, 'O'),
         'part of', CASE WHEN t.tgparentid <> 0 THEN (SELECT pg_catalog.jsonb_build_array(pg_catalog.format('%%I.%%I', pn.nspname, pt.relname), pg_catalog.quote_ident(pg.tgname))
                     FROM pg_catalog.pg_trigger AS pg
                     JOIN pg_catalog.pg_class AS pt ON pt.oid = pg.tgrelid
                     JOIN pg_catalog.pg_namespace AS pn ON pn.oid = pt.relnamespace
                     WHERE pg.oid = t.tgparentid) END,
         'comment', pg_catalog.obj_description(t.oid, 'pg_trigger')
       ))
FROM scope AS s
JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = s.oid AND NOT t.tgisinternal
