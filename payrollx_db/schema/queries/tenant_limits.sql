-- The triggers that hold a tenant's tables to its plan, as the template says; where all tenants share the tables, one
-- set for all. What a partition gets by itself, it gets the triggers for as well.
DO $limits$
DECLARE
    caller CONSTANT text := pg_catalog.current_setting('role');
    path CONSTANT text := pg_catalog.current_setting('search_path');
    expected CONSTANT jsonb := {limits};
    step record;
BEGIN
    PERFORM pg_catalog.set_config('role', {owner}, true);
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true); -- for the operators

    FOR step IN
        WITH wanted AS (
            SELECT member.relid AS relation, w.trigger, w.definition, md5(w.definition) AS mark
            FROM jsonb_to_recordset(expected) AS w ("table" text, trigger text, definition text)
            JOIN pg_namespace AS space ON nspname = {schema}
            JOIN pg_depend ON refclassid = 'pg_namespace'::regclass AND refobjid = space.oid
                AND classid = 'pg_class'::regclass -- an index finds these; of the tables, all tenants' would be read
            JOIN pg_class AS root ON root.oid = pg_depend.objid AND relname = w."table" AND NOT relispartition
            CROSS JOIN LATERAL (
                SELECT root.oid AS relid UNION SELECT relid::oid FROM pg_partition_tree(root.oid)
            ) AS member
        ), there AS (
            SELECT tgrelid AS relation, tgname::text AS trigger, obj_description(pg_trigger.oid, 'pg_trigger') AS mark
            FROM pg_namespace AS space
            JOIN pg_depend ON refclassid = 'pg_namespace'::regclass AND refobjid = space.oid
                AND classid = 'pg_class'::regclass
            JOIN pg_trigger ON tgrelid = pg_depend.objid AND nspname = {schema}
            WHERE starts_with(tgname, 'payrollx_limit_') AND NOT tgisinternal
        )
        SELECT relation::regclass AS place, trigger, there.trigger IS NOT NULL AS is_there, wanted.definition, wanted.mark
        FROM wanted FULL JOIN there USING (relation, trigger)
        WHERE wanted.mark IS DISTINCT FROM there.mark
    LOOP
        IF step.is_there THEN
            EXECUTE format('DROP TRIGGER %I ON %s', step.trigger, step.place);
        END IF;
        IF step.definition IS NOT NULL THEN
            EXECUTE format(
                'CREATE TRIGGER %I %s', step.trigger, replace(step.definition, '{{table}}', step.place::text));
            EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', step.trigger, step.place, step.mark);
        END IF;
    END LOOP;

    PERFORM pg_catalog.set_config('search_path', path, true);
    PERFORM pg_catalog.set_config('role', caller, true);
END
$limits$
