-- Drops what a schema holds, and then the schema: nothing outside goes with it, because nothing cascades.
DO $empty$
DECLARE
    kind record;
    names text;
BEGIN
    FOR kind IN
        SELECT * FROM (VALUES ('VIEW', 'v'), ('MATERIALIZED VIEW', 'm'), ('FOREIGN TABLE', 'f'),
                              ('TABLE', 'rp'), ('SEQUENCE', 'S')) AS kinds (word, letters)
    LOOP
        SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', nspname, relname), ', ') INTO names
        FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = {schema} AND pg_catalog.strpos(kind.letters, relkind::text) > 0 AND NOT relispartition;
        IF names IS NOT NULL THEN
            EXECUTE pg_catalog.format('DROP %s %s', kind.word, names);
        END IF;
    END LOOP;
    SELECT pg_catalog.string_agg(pg_proc.oid::regprocedure::text, ', ') INTO names
    FROM pg_catalog.pg_proc JOIN pg_catalog.pg_namespace ON pg_namespace.oid = pronamespace
    WHERE nspname = {schema} AND prokind IN ('f', 'p', 'w');
    IF names IS NOT NULL THEN
        EXECUTE pg_catalog.format('DROP ROUTINE %s', names);
    END IF;
    SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', nspname, typname), ', ') INTO names
    FROM pg_catalog.pg_type JOIN pg_catalog.pg_namespace ON pg_namespace.oid = typnamespace
    WHERE nspname = {schema} AND typtype IN ('e', 'd', 'r');
    IF names IS NOT NULL THEN
        EXECUTE pg_catalog.format('DROP TYPE %s', names);
    END IF;
    EXECUTE pg_catalog.format('DROP SCHEMA %I', {schema});
END
$empty$
