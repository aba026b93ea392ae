-- Row level security on the tables that all tenants share: a service sees and writes the rows of the tenant that its
-- session proves to be, and where it is none, nothing. The owner is exempt.
DO $rows$
DECLARE
    caller CONSTANT text := pg_catalog.current_setting('role');
    path CONSTANT text := pg_catalog.current_setting('search_path');
    own CONSTANT text := pg_catalog.format('(%I = ( SELECT payrollx_tenants.current_tenant() AS current_tenant))', {column});
    place record;
BEGIN
    PERFORM pg_catalog.set_config('role', {owner}, true);
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true); -- for the operators

    FOR place IN
        SELECT relation.oid::regclass AS name, relkind, relation.oid, relrowsecurity,
               EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation.oid AND attname = {column}) AS has_column,
               coalesce('security_invoker=true' = ANY (reloptions), false) AS asks_as_caller
        FROM pg_class AS relation
        JOIN pg_namespace AS space ON space.oid = relnamespace AND nspname = {schema}
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
            AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = relation.oid
                            AND deptype = 'e')
    LOOP
        IF place.relkind IN ('m', 'f') THEN
            RAISE EXCEPTION USING ERRCODE = 'PX004', MESSAGE = format(
                '%s would show each tenant the rows of all: a materialized view or a foreign table has no row level'
                ' security; keep it in a schema of its own', place.name);
        ELSIF place.relkind = 'v' THEN
            CONTINUE WHEN place.asks_as_caller;
            IF current_setting('server_version_num')::integer < 150000 THEN
                RAISE EXCEPTION USING ERRCODE = 'PX004', MESSAGE = format(
                    '%s would show each tenant the rows of all: before Postgres 15 a view reads as its owner', place.name);
            END IF;
            EXECUTE format('ALTER VIEW %s SET (security_invoker = true)', place.name);
        ELSE
            IF NOT place.has_column THEN
                RAISE EXCEPTION USING ERRCODE = 'PX004', MESSAGE = format(
                    '%s has no column %I, so nothing says whose its rows are', place.name, {column});
            END IF;
            IF NOT place.relrowsecurity THEN
                EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', place.name);
            END IF;
            -- What lets rows through are the revisions' own policies; this one bars all that isn't proven, whatever
            -- others say. So the condition holds twice where a revision has put up the wall, and once at least.
            PERFORM payrollx_tenants.make_policy(place.oid, 'payrollx_tenant', {service}, own);
        END IF;
    END LOOP;

    FOR place IN
        SELECT pg_proc.oid::regprocedure AS name
        FROM pg_proc
        JOIN pg_namespace AS space ON space.oid = pronamespace AND nspname = {schema}
        WHERE prosecdef AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
            AND prosrc !~ 'payrollx_tenants\s*\.\s*current_tenant'
    LOOP
        RAISE EXCEPTION USING ERRCODE = 'PX004', MESSAGE = format(
            '%s would show each tenant the rows of all: it reads as its owner, and doesn''t ask'
            ' payrollx_tenants.current_tenant() whose rows it may read', place.name);
    END LOOP;

    PERFORM pg_catalog.set_config('search_path', path, true);
    PERFORM pg_catalog.set_config('role', caller, true);
END
$rows$
