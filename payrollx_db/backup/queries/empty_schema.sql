-- Drops what a schema holds, and then the schema: nothing outside goes with it, because nothing cascades.
-- A function may return a table's rows, and hold the table up; so it goes round until nothing more can be dropped.
DO $empty$
DECLARE
    held record;
    gone boolean;
    why text;
    who text;
BEGIN
    LOOP
        gone := false;
        why := NULL;
        FOR held IN
            -- Tables may refer to each other, and go together.
            SELECT kind, pg_catalog.string_agg(name, ', ') AS names
            FROM (
                SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
                                    WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'TABLE' WHEN 'S' THEN 'SEQUENCE'
                                    WHEN 'c' THEN 'TYPE' END AS kind,
                       pg_catalog.format('%I.%I', nspname, relname) AS name
                FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
                WHERE nspname = {schema} AND NOT relispartition
                UNION ALL
                SELECT 'ROUTINE', pg_proc.oid::regprocedure::text
                FROM pg_catalog.pg_proc JOIN pg_catalog.pg_namespace ON pg_namespace.oid = pronamespace
                WHERE nspname = {schema}
                UNION ALL
                SELECT 'TYPE', pg_catalog.format('%I.%I', nspname, typname)
                FROM pg_catalog.pg_type JOIN pg_catalog.pg_namespace ON pg_namespace.oid = typnamespace
                WHERE nspname = {schema} AND typtype IN ('e', 'd', 'r')
                UNION ALL
                SELECT 'OPERATOR', pg_operator.oid::regoperator::text
                FROM pg_catalog.pg_operator JOIN pg_catalog.pg_namespace ON pg_namespace.oid = oprnamespace
                WHERE nspname = {schema}
                UNION ALL
                SELECT 'OPERATOR FAMILY', pg_catalog.format('%I.%I USING %I', nspname, opfname, amname)
                FROM pg_catalog.pg_opfamily
                JOIN pg_catalog.pg_namespace ON pg_namespace.oid = opfnamespace
                JOIN pg_catalog.pg_am ON pg_am.oid = opfmethod
                WHERE nspname = {schema}
                UNION ALL
                SELECT kinds.kind, pg_catalog.format('%I.%I', nspname, kinds.name)
                FROM (
                    SELECT 'TEXT SEARCH CONFIGURATION', cfgnamespace, cfgname FROM pg_catalog.pg_ts_config
                    UNION ALL SELECT 'TEXT SEARCH DICTIONARY', dictnamespace, dictname FROM pg_catalog.pg_ts_dict
                    UNION ALL SELECT 'COLLATION', collnamespace, collname FROM pg_catalog.pg_collation
                    UNION ALL SELECT 'CONVERSION', connamespace, conname FROM pg_catalog.pg_conversion
                ) AS kinds (kind, space, name)
                JOIN pg_catalog.pg_namespace ON pg_namespace.oid = kinds.space
                WHERE nspname = {schema}
            ) AS everything
            WHERE kind IS NOT NULL
            GROUP BY kind, CASE kind WHEN 'TABLE' THEN '' ELSE name END
            ORDER BY pg_catalog.array_position(
                ARRAY['VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE', 'TABLE', 'SEQUENCE', 'TEXT SEARCH CONFIGURATION',
                      'TEXT SEARCH DICTIONARY', 'OPERATOR FAMILY', 'OPERATOR', 'ROUTINE', 'TYPE'], kind)
        LOOP
            BEGIN
                EXECUTE pg_catalog.format('DROP %s %s', held.kind, held.names);
                gone := true;
            EXCEPTION WHEN undefined_table THEN
                NULL; -- a sequence that has gone with its table
            WHEN dependent_objects_still_exist THEN
                IF why IS NULL THEN
                    GET STACKED DIAGNOSTICS why = MESSAGE_TEXT, who = PG_EXCEPTION_DETAIL;
                END IF;
            END;
        END LOOP;
        EXIT WHEN why IS NULL;
        IF NOT gone THEN
            RAISE dependent_objects_still_exist USING MESSAGE = why, DETAIL = who;
        END IF;
    END LOOP;
    EXECUTE pg_catalog.format('DROP SCHEMA %I', {schema});
END
$empty$
