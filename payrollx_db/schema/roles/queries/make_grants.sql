-- The walls of the catalog {catalog}: what each role may do, and that nobody else may do anything.
--
-- `payrollx-db migrate` runs this last, for the schemas that there are by then. A DBA who doubts the
-- walls may run it at any time, as a superuser or as a member of {owner}:
--
--     psql --dbname the_unified_database --file grants.sql
--
-- A service's role may read and write the rows of its own schema, and nothing else: it creates nothing,
-- truncates nothing, and sees no other schema. Foreign keys into other schemas hold all the same, because
-- Postgres checks them as the tables' owner. {reader} may read every service's tables, and nothing else.
-- What was granted beyond that to these roles, or to PUBLIC, is taken back.
--
-- The database itself, and the schema public, belong to somebody else. Run by a superuser, or by who owns
-- them, this takes CONNECT and TEMPORARY, and CREATE in public, from PUBLIC as well. Every login that is a
-- member of one of our roles may still connect; any other (monitoring, say) then needs a
-- GRANT CONNECT ON DATABASE of its own.

DO $grants$
DECLARE
    caller CONSTANT text := pg_catalog.current_setting('role');
    owner CONSTANT text := {owner_name};
    reader CONSTANT text := {reader_name};
    users CONSTANT text[] := ARRAY[
        {users}
    ];
    everyone CONSTANT text := (
        SELECT pg_catalog.string_agg(pg_catalog.format('%I', name), ', ') FROM pg_catalog.unnest(users) AS name
    );
    database CONSTANT text := pg_catalog.current_database();
    walls integer := 0;
    wall record;
    kind record;
    login record;
    things text;
    acting text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = owner) THEN
        RAISE NOTICE 'nothing is granted: there is no role % yet, which roles.sql makes', owner;
        RETURN;
    END IF;
    PERFORM pg_catalog.set_config('role', owner, true);

    -- What later migrations add: nothing for anybody, except what is granted schema by schema below. Postgres
    -- would let everyone call a new function and use a new type.
    FOREACH things IN ARRAY ARRAY['TABLES', 'SEQUENCES', 'TYPES', 'FUNCTIONS'] LOOP
        EXECUTE pg_catalog.format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE ALL ON %s FROM PUBLIC, %s', owner, things, everyone);
    END LOOP;

    FOR wall IN
        SELECT expected.schema, expected.role
        FROM (
            VALUES
                {walls}
        ) AS expected (schema, role)
        JOIN pg_catalog.pg_namespace ON nspname = expected.schema
        WHERE pg_catalog.pg_get_userbyid(nspowner) = owner
    LOOP
        walls := walls + 1;
        EXECUTE pg_catalog.format('REVOKE ALL ON SCHEMA %I FROM PUBLIC, %s CASCADE', wall.schema, everyone);
        EXECUTE pg_catalog.format(
            'REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM PUBLIC, %s CASCADE', wall.schema, everyone);
        EXECUTE pg_catalog.format(
            'REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM PUBLIC, %s CASCADE', wall.schema, everyone);
        -- functions that a migration granted to its own service stay granted
        EXECUTE pg_catalog.format('REVOKE ALL ON ALL ROUTINES IN SCHEMA %I FROM PUBLIC CASCADE', wall.schema);

        EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I, %I', wall.schema, wall.role, reader);
        EXECUTE pg_catalog.format(
            'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', wall.schema, wall.role);
        EXECUTE pg_catalog.format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', wall.schema, reader);
        EXECUTE pg_catalog.format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', wall.schema, wall.role);

        -- there is no ALL TYPES IN SCHEMA; a table's row type goes with the table
        FOR kind IN
            SELECT typname AS name
            FROM pg_catalog.pg_type
            JOIN pg_catalog.pg_namespace ON pg_namespace.oid = typnamespace
            LEFT JOIN pg_catalog.pg_class ON pg_class.oid = typrelid
            WHERE nspname = wall.schema AND (typtype IN ('e', 'd', 'r') OR relkind = 'c')
        LOOP
            EXECUTE pg_catalog.format(
                'REVOKE ALL ON TYPE %I.%I FROM PUBLIC, %s CASCADE', wall.schema, kind.name, everyone);
            EXECUTE pg_catalog.format('GRANT USAGE ON TYPE %I.%I TO %I', wall.schema, kind.name, wall.role);
        END LOOP;

        FOREACH things IN ARRAY ARRAY['TABLES', 'SEQUENCES', 'TYPES', 'FUNCTIONS'] LOOP
            EXECUTE pg_catalog.format(
                'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I REVOKE ALL ON %s FROM PUBLIC, %s',
                owner, wall.schema, things, everyone);
        END LOOP;
        EXECUTE pg_catalog.format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I '
            'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', owner, wall.schema, wall.role);
        EXECUTE pg_catalog.format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I '
            'GRANT SELECT ON TABLES TO %I', owner, wall.schema, reader);
        EXECUTE pg_catalog.format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I '
            'GRANT USAGE ON SEQUENCES TO %I', owner, wall.schema, wall.role);
        EXECUTE pg_catalog.format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I '
            'GRANT USAGE ON TYPES TO %I', owner, wall.schema, wall.role);
    END LOOP;

    -- The database around them, where this is one that has walls, and whoever runs this may change it.
    FOREACH acting IN ARRAY ARRAY[caller, 'none'] LOOP
        PERFORM pg_catalog.set_config('role', acting, true);
        IF walls > 0 AND EXISTS (
            SELECT FROM pg_catalog.pg_database
            WHERE datname = database AND pg_catalog.pg_has_role(CURRENT_USER, datdba, 'USAGE')
        ) THEN
            EXECUTE pg_catalog.format('REVOKE ALL ON DATABASE %I FROM PUBLIC, %s CASCADE', database, everyone);
            EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO %s', database, everyone);
            EXECUTE pg_catalog.format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', database, owner);
            -- a member that doesn't inherit may take on its role only once it is in
            FOR login IN
                SELECT rolname AS name
                FROM pg_catalog.pg_roles
                WHERE rolcanlogin AND NOT pg_catalog.has_database_privilege(pg_roles.oid, database, 'CONNECT')
                    AND EXISTS (
                        SELECT FROM pg_catalog.pg_roles AS ours
                        WHERE ours.rolname = ANY (users || owner)
                            AND pg_catalog.pg_has_role(pg_roles.oid, ours.oid, 'MEMBER')
                    )
            LOOP
                EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO %I', database, login.name);
            END LOOP;
        END IF;
        IF walls > 0 AND EXISTS (
            SELECT FROM pg_catalog.pg_namespace
            WHERE nspname = 'public' AND pg_catalog.pg_has_role(CURRENT_USER, nspowner, 'USAGE')
        ) THEN
            EXECUTE pg_catalog.format('REVOKE CREATE ON SCHEMA public FROM PUBLIC, %s CASCADE', everyone);
        END IF;
    END LOOP;

    PERFORM pg_catalog.set_config('role', caller, true);
END
$grants$;
