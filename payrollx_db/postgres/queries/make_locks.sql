-- Makes the tables on which the tool holds its locks, where they are missing. Two may do so at once.
--
-- They have no partition, so they hold no row and no vacuum ever has anything to do with them: a lock of hours is in
-- nobody's way. Whoever may not use the schema can't name them, and so can't lock them.
DO $locks$
DECLARE
    names CONSTANT text[] := ARRAY['run_lock', 'migration_lock'];
    acting CONSTANT text := pg_catalog.current_setting('role');
    wanted text;
BEGIN
    IF (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = 'payrollx_meta' AND c.relname = ANY (names)) = pg_catalog.cardinality(names) THEN
        RETURN; -- as nearly always: then it takes no right to make anything
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'payrollx_meta') THEN
        BEGIN
            CREATE SCHEMA payrollx_meta AUTHORIZATION {owner};
        EXCEPTION WHEN duplicate_schema OR unique_violation THEN
            NULL; -- somebody else has made it between our look and our attempt
        END;
    END IF;
    PERFORM pg_catalog.set_config('role', {role}, true);
    FOREACH wanted IN ARRAY names LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c
                       JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                       WHERE (n.nspname, c.relname) = ('payrollx_meta', wanted)) THEN
            BEGIN
                EXECUTE pg_catalog.format(
                    'CREATE TABLE payrollx_meta.%I (nothing integer) PARTITION BY LIST (nothing)', wanted);
            EXCEPTION WHEN duplicate_table OR unique_violation OR invalid_schema_name THEN
                NULL; -- the same; or the schema has just gone, and who locks the table notices
            END;
        END IF;
    END LOOP;
    PERFORM pg_catalog.set_config('role', acting, true);
END
$locks$
