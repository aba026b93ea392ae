-- A row where this login may act as the role, and that role owns tables of these schemas.
SELECT FROM pg_catalog.pg_roles AS r
WHERE r.rolname = %(role)s
    AND pg_catalog.pg_has_role(
        r.oid,
        CASE WHEN pg_catalog.current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END
    )
    AND EXISTS (
        SELECT FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p') AND c.relowner = r.oid
    )
