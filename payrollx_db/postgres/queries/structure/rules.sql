SELECT s.root,
       'rule',
       s.name,
       pg_catalog.quote_ident(w.rulename),
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'definition', pg_catalog.pg_get_ruledef(w.oid),
         'enabled', NULLIF(w.ev_enabled, 'O'),
         'comment', pg_catalog.obj_description(w.oid, 'pg_rewrite')
       ))
FROM scope AS s
JOIN pg_catalog.pg_rewrite AS w ON w.ev_class = s.oid AND w.rulename <> '_RETURN'
