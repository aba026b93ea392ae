-- Before a schema goes: the functions there that audit triggers call, with the triggers of whichever tables.
DO $audit$
DECLARE
    writer record;
BEGIN
    FOR writer IN
        SELECT nspname AS schema, proname AS function
        FROM pg_catalog.pg_proc
        JOIN pg_catalog.pg_namespace ON pg_namespace.oid = pronamespace
        WHERE nspname = {schema} AND pg_catalog.starts_with(proname, {prefix}) AND prorettype = 'trigger'::regtype
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %I.%I() CASCADE', writer.schema, writer.function);
    END LOOP;
END
$audit$
