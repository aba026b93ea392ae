SELECT s.root,
       'trigger',
       s.name,
       pg_catalog.quote_ident(t.tgname),
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'definition', pg_catalog.pg_get_triggerdef(t.oid),
         'enabled', NULLIF(t.tgenabled, 'O'),
         'comment', pg_catalog.obj_description(t.oid, 'pg_trigger')
       ))
FROM scope AS s
JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = s.oid AND NOT t.tgisinternal
