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
    -- Policies that hold for their owner too hide rows from that role, but maybe not from the login, which may do all that
    -- the owner may.
    AND NOT (
        NOT r.rolsuper AND NOT r.rolbypassrls
        AND EXISTS (
            SELECT FROM pg_catalog.pg_class AS c
            JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = ANY (%(schemas)s) AND c.relowner = r.oid AND c.relrowsecurity AND c.relforcerowsecurity
        )
        AND EXISTS (
            SELECT FROM pg_catalog.pg_roles AS l
            WHERE l.rolname = current_user
                AND (l.rolsuper OR (l.rolbypassrls AND pg_catalog.pg_has_role(r.oid, 'USAGE')))
        )
    )
