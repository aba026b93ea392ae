-- The audit triggers, and the functions that they call, as the marks on the models say.
DO $audit$
DECLARE
    caller CONSTANT text := pg_catalog.current_setting('role');
    path CONSTANT text := pg_catalog.current_setting('search_path');
    target record;
    difference record;
BEGIN
    PERFORM pg_catalog.set_config('role', {owner}, true);
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true); -- for the operators

    FOR target IN
        SELECT DISTINCT mark.log_schema, mark.log, mark.function
        FROM pg_catalog.jsonb_to_recordset(CAST({marks} AS jsonb)) AS mark (log_schema text, log text, function text)
        JOIN pg_catalog.pg_namespace ON nspname = mark.log_schema
        JOIN pg_catalog.pg_class ON relnamespace = pg_namespace.oid AND relname = mark.log
    LOOP
        -- As the owner, so that who may write a table needs no right to its log. Columns are named and their
        -- values left out: among them are passwords and tokens.
        EXECUTE pg_catalog.format($create$
            CREATE OR REPLACE FUNCTION %1$I.%3$I() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
            AS $write$
            DECLARE
                before CONSTANT jsonb := CASE WHEN TG_OP IN ('UPDATE', 'DELETE') THEN to_jsonb(OLD) END;
                after CONSTANT jsonb := CASE WHEN TG_OP IN ('INSERT', 'UPDATE') THEN to_jsonb(NEW) END;
                key_before text;
                key_after text;
                details jsonb := jsonb_build_object(
                    'role', COALESCE(NULLIF(current_setting('role'), 'none'), SESSION_USER),
                    'login', SESSION_USER,
                    'application', current_setting('application_name')
                );
            BEGIN
                IF TG_NARGS = 1 THEN
                    key_before := before ->> TG_ARGV[0];
                    key_after := after ->> TG_ARGV[0];
                ELSIF TG_NARGS > 1 THEN
                    SELECT
                        CASE WHEN before IS NOT NULL THEN jsonb_agg(before -> name ORDER BY place) END,
                        CASE WHEN after IS NOT NULL THEN jsonb_agg(after -> name ORDER BY place) END
                    INTO key_before, key_after
                    FROM unnest(TG_ARGV) WITH ORDINALITY AS key (name, place);
                END IF;
                IF TG_OP = 'UPDATE' THEN
                    details := details || jsonb_build_object('changed', (
                        SELECT COALESCE(jsonb_agg(name ORDER BY name), '[]')
                        FROM jsonb_each(after) AS new (name, value)
                        WHERE value::text IS DISTINCT FROM (before -> name)::text
                    ));
                    IF key_before <> key_after THEN
                        details := details || jsonb_build_object('new_id', key_after);
                    END IF;
                END IF;
                INSERT INTO %1$I.%2$I (action, resource, resource_id, details, ip_address, created_at)
                VALUES (
                    lower(TG_OP), TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, COALESCE(key_before, key_after),
                    details, host(inet_client_addr()), clock_timestamp()
                );
                RETURN NULL;
            END
            $write$
        $create$, target.log_schema, target.log, target.function);
        EXECUTE pg_catalog.format(
            'REVOKE ALL ON FUNCTION %I.%I() FROM PUBLIC', target.log_schema, target.function);
    END LOOP;

    FOR difference IN
        {differences}
    LOOP
        IF NOT difference.has_log THEN
            RAISE EXCEPTION USING ERRCODE = {missing}, MESSAGE = pg_catalog.format(
                '%s.%s is marked as audited in %s.%s, which is not in this database',
                difference.schema, difference.name, difference.log_schema, difference.log);
        ELSIF difference.definition IS NULL THEN
            EXECUTE pg_catalog.format(
                'DROP TRIGGER %I ON %I.%I', difference.trigger, difference.schema, difference.name);
        ELSE
            EXECUTE difference.definition;
            EXECUTE pg_catalog.format(
                'COMMENT ON TRIGGER %I ON %I.%I IS %L',
                difference.trigger, difference.schema, difference.name, difference.signature);
        END IF;
    END LOOP;

    FOR target IN
        SELECT nspname AS schema, proname AS function
        FROM pg_catalog.pg_proc
        JOIN pg_catalog.pg_namespace ON pg_namespace.oid = pronamespace
        WHERE pg_catalog.starts_with(proname, {prefix}) AND prorettype = 'trigger'::regtype
            AND pg_catalog.pg_get_userbyid(proowner) = {owner}
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgfoid = pg_proc.oid)
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %I.%I()', target.schema, target.function);
    END LOOP;

    PERFORM pg_catalog.set_config('search_path', path, true);
    PERFORM pg_catalog.set_config('role', caller, true);
END
$audit$
