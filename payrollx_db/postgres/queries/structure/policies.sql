SELECT s.root,
       'policy',
       s.name,
       pg_catalog.quote_ident(p.polname),
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'definition', pg_catalog.concat_ws(' ',
           CASE WHEN p.polpermissive THEN 'AS PERMISSIVE' ELSE 'AS RESTRICTIVE' END,
           CASE p.polcmd WHEN 'r' THEN 'FOR SELECT' WHEN 'a' THEN 'FOR INSERT' WHEN 'w' THEN 'FOR UPDATE'
             WHEN 'd' THEN 'FOR DELETE' ELSE 'FOR ALL' END,
           'TO ' || (SELECT pg_catalog.string_agg(
                       CASE r.role WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r.role)) END,
                       ', ' ORDER BY pg_catalog.pg_get_userbyid(r.role))
                     FROM pg_catalog.unnest(p.polroles) AS r (role)),
           'USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')',
           'WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')'),
         'comment', pg_catalog.obj_description(p.oid, 'pg_policy')
       ))
FROM scope AS s
JOIN pg_catalog.pg_policy AS p ON p.polrelid = s.oid
