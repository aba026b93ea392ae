-- Around the schemas: the database itself, the schema public, and the schemas in which extensions lie belong to
-- somebody else. Run by a superuser, or by who owns them, this takes CONNECT and TEMPORARY, and CREATE in public, from
-- PUBLIC. Every login that is a member of one of our roles may still connect; any other (monitoring, say) then needs
-- a GRANT CONNECT ON DATABASE of its own. Services reach the types and functions of extensions wherever these lie.

DO $outer_grants$
DECLARE
    caller CONSTANT text := pg_catalog.current_setting('role');
    path CONSTANT text := pg_catalog.current_setting('search_path');
    owner CONSTANT text := {owner_name};
    users CONSTANT text[] := ARRAY[
        {users}
    ];
    everyone CONSTANT text := (
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(name), ', ') FROM pg_catalog.unnest(users) AS name
    );
    schemas CONSTANT text[] := ARRAY[
        {schemas}
    ];
    database CONSTANT text := pg_catalog.current_database();
    place record;
    acting text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true); -- for the operators
    FOREACH acting IN ARRAY CASE WHEN EXISTS (
        SELECT FROM pg_namespace WHERE nspname = ANY (schemas) AND pg_get_userbyid(nspowner) = owner
    ) THEN ARRAY[caller, 'none', owner] ELSE ARRAY[]::text[] END LOOP
        PERFORM set_config('role', acting, true);
        IF EXISTS (
            SELECT FROM pg_database WHERE datname = database AND pg_has_role(CURRENT_USER, datdba, 'USAGE')
        ) THEN
            EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, %s CASCADE', database, everyone);
            EXECUTE format('GRANT CONNECT ON DATABASE %I TO %s', database, everyone);
            EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', database, owner);
            -- a member that doesn't inherit may take on its role only once it is in
            FOR place IN
                WITH RECURSIVE members (oid) AS (
                    SELECT oid FROM pg_roles WHERE rolname = ANY (users || owner)
                    UNION
                    SELECT member FROM members JOIN pg_auth_members ON roleid = members.oid
                )
                SELECT rolname AS login
                FROM pg_roles JOIN members USING (oid)
                WHERE rolcanlogin AND NOT has_database_privilege(oid, database, 'CONNECT')
            LOOP
                EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', database, place.login);
            END LOOP;
        END IF;
        IF EXISTS (
            SELECT FROM pg_namespace
            WHERE nspname = 'public' AND pg_has_role(CURRENT_USER, nspowner, 'USAGE')
        ) THEN
            EXECUTE format('REVOKE CREATE ON SCHEMA public FROM PUBLIC, %s CASCADE', everyone);
        END IF;
        FOR place IN
            SELECT nspname
            FROM pg_namespace
            WHERE oid IN (SELECT extnamespace FROM pg_extension) AND nspname !~ '^pg_' AND nspname <> {meta}
                AND nspname <> 'information_schema' AND nspname <> ALL (schemas)
                AND pg_has_role(CURRENT_USER, nspowner, 'USAGE')
                AND NOT EXISTS ( -- whose extension made it
                    SELECT FROM pg_depend
                    WHERE classid = 'pg_namespace'::regclass AND objid = pg_namespace.oid AND deptype = 'e'
                )
                AND EXISTS (
                    SELECT FROM pg_roles
                    WHERE rolname = ANY (users || owner) AND NOT has_schema_privilege(oid, pg_namespace.oid, 'USAGE')
                )
        LOOP
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, %s', place.nspname, owner, everyone);
        END LOOP;
        -- What an extension itself restricts stays so. The rest was closed by default privileges, of ours maybe.
        FOR place IN
            SELECT pg_proc.oid::regprocedure::text AS routine
            FROM pg_proc
            JOIN pg_depend ON classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
            WHERE pg_has_role(CURRENT_USER, proowner, 'USAGE')
                AND proacl IS NOT NULL
                AND NOT EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)
                AND NOT EXISTS (
                    SELECT FROM pg_init_privs
                    WHERE pg_init_privs.classoid = 'pg_proc'::regclass AND pg_init_privs.objoid = pg_proc.oid
                )
        LOOP
            EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO PUBLIC', place.routine);
        END LOOP;
    END LOOP;

    PERFORM pg_catalog.set_config('search_path', path, true);
    PERFORM pg_catalog.set_config('role', caller, true);
END
$outer_grants$;
