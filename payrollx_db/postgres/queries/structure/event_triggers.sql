-- Event triggers fire for whatever is done to these tables; not those of extensions, which come with these.
SELECT r.root,
       'event trigger',
       pg_catalog.quote_ident(e.evtname),
       '',
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'definition', pg_catalog.concat_ws(' ',
           pg_catalog.format('CREATE EVENT TRIGGER %%I ON %%I', e.evtname, e.evtevent),
           'WHEN TAG IN (' || (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(t.tag), ', ' ORDER BY t.tag)
                               FROM pg_catalog.unnest(e.evttags) AS t (tag)) || ')',
           pg_catalog.format('EXECUTE FUNCTION %%s', e.evtfoid::pg_catalog.regprocedure)),
         'enabled', NULLIF(e.evtenabled, 'O'),
         'owner', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(e.evtowner)),
         'comment', pg_catalog.obj_description(e.oid, 'pg_event_trigger')
       ))
FROM (SELECT DISTINCT s.root FROM scope AS s) AS r
CROSS JOIN pg_catalog.pg_event_trigger AS e
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS x
                  WHERE x.classid = 'pg_catalog.pg_event_trigger'::regclass AND x.objid = e.oid AND x.deptype = 'e')
