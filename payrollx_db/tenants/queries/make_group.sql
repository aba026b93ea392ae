-- The role whose members may act as any tenant, and which inherits nothing of any: a login in it sees no tenant's rows
-- until it says whose. Since Postgres 16 each membership says so itself.
DO $group$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {group_name}) THEN
        BEGIN
            CREATE ROLE {group} NOLOGIN NOINHERIT;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- someone else has made it between our look and our attempt
        END;
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_auth_members
        WHERE roleid = {role_quoted}::pg_catalog.regrole AND member = {group_quoted}::pg_catalog.regrole
    ) THEN
        IF pg_catalog.current_setting('server_version_num')::integer >= 160000 THEN
            EXECUTE 'GRANT ' || {role_quoted} || ' TO ' || {group_quoted} || ' WITH INHERIT FALSE, SET TRUE';
        ELSE
            GRANT {role} TO {group};
        END IF;
    END IF;
END
$group$
