-- What has to be done to make the audit triggers equal to the marks, a row each: one that is missing or other than
-- wanted (`definition` makes it), one that no mark wants (no `definition`), one whose log isn't in this database.
--
-- A trigger passes over what the owner does: that is migrations and copies, which write no audit records of their
-- own. It is the role that was set, or who has logged in, that counts, and not CURRENT_USER: Postgres deletes
-- rows of a cascade, and runs SECURITY DEFINER functions, as their owner, for a service all the same.
WITH marked AS (
    SELECT
        audited.oid AS relation,
        mark.*,
        kind.*,
        EXISTS (
            SELECT FROM pg_catalog.pg_class
            JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
            WHERE (nspname, relname) = (mark.log_schema, mark.log) AND relkind IN ('r', 'p')
        ) AS has_log
    FROM pg_catalog.jsonb_to_recordset(CAST({marks} AS jsonb))
        AS mark (schema text, name text, keys text[], log_schema text, log text, function text)
    CROSS JOIN (
        VALUES
            ('payrollx_audit', 'INSERT OR UPDATE OR DELETE', 'ROW'),
            ('payrollx_audit_truncate', 'TRUNCATE', 'STATEMENT')
    ) AS kind (trigger, events, level)
    JOIN pg_catalog.pg_namespace ON nspname = mark.schema
    JOIN pg_catalog.pg_class AS audited ON relnamespace = pg_namespace.oid AND relname = mark.name
    WHERE relkind IN ('r', 'p')
),
wanted AS (
    SELECT
        relation, trigger, log_schema, log, has_log,
        pg_catalog.format(
            'CREATE OR REPLACE TRIGGER %I AFTER %s ON %I.%I FOR EACH %s'
            ' WHEN (COALESCE(NULLIF(pg_catalog.current_setting(''role''), ''none''), SESSION_USER) <> %L)'
            ' EXECUTE FUNCTION %I.%I(%s)',
            trigger, events, schema, name, level, {owner}, log_schema, function,
            (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(key), ', ' ORDER BY place)
             FROM ROWS FROM (pg_catalog.unnest(keys)) WITH ORDINALITY AS key_of (key, place))
        ) AS definition
    FROM marked
),
there AS (
    SELECT tgrelid AS relation, tgname AS trigger, tgenabled = 'O' AS enabled,
        pg_catalog.obj_description(oid, 'pg_trigger') AS made_from
    FROM pg_catalog.pg_trigger
    WHERE tgname IN ('payrollx_audit', 'payrollx_audit_truncate') AND NOT tgisinternal AND tgparentid = 0
)
SELECT nspname AS schema, relname AS name, trigger, log_schema, log, COALESCE(has_log, true) AS has_log,
    enabled IS NOT NULL AS standing, definition, 'payrollx-db migrate: ' || pg_catalog.md5(definition) AS signature
FROM wanted
FULL JOIN there USING (relation, trigger)
JOIN pg_catalog.pg_class ON pg_class.oid = relation
JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
WHERE definition IS NULL OR NOT has_log OR enabled IS NOT TRUE
    OR made_from IS DISTINCT FROM 'payrollx-db migrate: ' || pg_catalog.md5(definition)
ORDER BY nspname, relname, trigger
