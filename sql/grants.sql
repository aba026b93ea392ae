-- The walls: what each service's role may do, and that nobody else may do anything.
--
-- `payrollx-db migrate` runs this file last, for the schemas that there are by then. A DBA who doubts the
-- walls may run it at any time, as a superuser or as a member of payrollx_owner:
--
--     psql --dbname payrollx_production --file grants.sql
--
-- A role may read and write the rows of its own schema, and nothing else: it creates nothing, truncates
-- nothing, and sees no other schema. Foreign keys into other schemas hold all the same, because Postgres
-- checks them as the tables' owner.

DO $grants$
DECLARE
    caller CONSTANT text := pg_catalog.current_setting('role');
    wall record;
    kind record;
BEGIN
    PERFORM pg_catalog.set_config('role', 'payrollx_owner', true);

    -- Postgres lets everyone call a new function and use a new type, unless told otherwise.
    ALTER DEFAULT PRIVILEGES FOR ROLE payrollx_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE payrollx_owner REVOKE USAGE ON TYPES FROM PUBLIC;

    FOR wall IN
        SELECT expected.schema, expected.role
        FROM (
            VALUES
                ('auth', 'payrollx_auth'),
                ('organization', 'payrollx_organization'),
                ('employee', 'payrollx_employee'),
                ('wallet', 'payrollx_wallet'),
                ('payroll', 'payrollx_payroll'),
                ('transaction', 'payrollx_transaction'),
                ('notification', 'payrollx_notification'),
                ('compliance', 'payrollx_compliance')
        ) AS expected (schema, role)
        JOIN pg_catalog.pg_namespace ON nspname = expected.schema
        WHERE pg_catalog.pg_get_userbyid(nspowner) = 'payrollx_owner'
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', wall.schema);
        EXECUTE pg_catalog.format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM PUBLIC', wall.schema);
        EXECUTE pg_catalog.format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM PUBLIC', wall.schema);
        EXECUTE pg_catalog.format('REVOKE ALL ON ALL ROUTINES IN SCHEMA %I FROM PUBLIC', wall.schema);

        EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I', wall.schema, wall.role);
        EXECUTE pg_catalog.format(
            'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', wall.schema, wall.role);
        EXECUTE pg_catalog.format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', wall.schema, wall.role);

        -- there is no ALL TYPES IN SCHEMA
        FOR kind IN
            SELECT typname AS name
            FROM pg_catalog.pg_type
            JOIN pg_catalog.pg_namespace ON pg_namespace.oid = typnamespace
            WHERE nspname = wall.schema AND typtype IN ('e', 'd')
        LOOP
            EXECUTE pg_catalog.format('REVOKE ALL ON TYPE %I.%I FROM PUBLIC', wall.schema, kind.name);
            EXECUTE pg_catalog.format('GRANT USAGE ON TYPE %I.%I TO %I', wall.schema, kind.name, wall.role);
        END LOOP;

        -- what later migrations add
        EXECUTE pg_catalog.format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE payrollx_owner IN SCHEMA %I '
            'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', wall.schema, wall.role);
        EXECUTE pg_catalog.format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE payrollx_owner IN SCHEMA %I '
            'GRANT USAGE ON SEQUENCES TO %I', wall.schema, wall.role);
        EXECUTE pg_catalog.format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE payrollx_owner IN SCHEMA %I '
            'GRANT USAGE ON TYPES TO %I', wall.schema, wall.role);
    END LOOP;

    PERFORM pg_catalog.set_config('role', caller, true);
END
$grants$;
