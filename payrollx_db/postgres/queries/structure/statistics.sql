SELECT s.root,
       'statistics object',
       s.name,
       pg_catalog.format('%%I.%%I', n.nspname, x.stxname),
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'definition', pg_catalog.pg_get_statisticsobjdef(x.oid),
         'statistics target', NULLIF(coalesce(x.stxstattarget, -1), -1),
         'owner', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.stxowner)),
         'comment', pg_catalog.obj_description(x.oid, 'pg_statistic_ext')
       ))
FROM scope AS s
JOIN pg_catalog.pg_statistic_ext AS x ON x.stxrelid = s.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = x.stxnamespace
