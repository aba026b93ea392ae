-- Drops the tables of the locks with their schema, if that is ours and holds nothing else. Not where somebody uses one.
DO $locks$
DECLARE
    schema_oid CONSTANT oid := (SELECT n.oid FROM pg_catalog.pg_namespace AS n
                                WHERE n.nspname = 'payrollx_meta' AND pg_catalog.pg_has_role(n.nspowner, 'USAGE'));
    ours CONSTANT oid[] := ARRAY(SELECT c.oid FROM pg_catalog.pg_class AS c
                                 WHERE c.relnamespace = schema_oid AND c.relname IN ('run_lock', 'migration_lock'));
BEGIN
    IF schema_oid IS NULL OR EXISTS (
        SELECT FROM pg_catalog.pg_depend AS d
        WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = schema_oid AND d.objid <> ALL (ours)
    ) THEN
        RETURN;
    END IF;
    PERFORM pg_catalog.set_config('lock_timeout', '1s', true);
    DROP TABLE IF EXISTS payrollx_meta.run_lock, payrollx_meta.migration_lock;
    DROP SCHEMA payrollx_meta;
EXCEPTION WHEN lock_not_available OR insufficient_privilege OR dependent_objects_still_exist THEN
    NULL;
END
$locks$
