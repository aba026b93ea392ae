-- What roles may read beside their own schema, and where a column is secret, the other columns in place of the table.
-- Run after the walls, which know whole schemas only.

DO $reads$
DECLARE
    caller CONSTANT text := pg_catalog.current_setting('role');
    path CONSTANT text := pg_catalog.current_setting('search_path');
    owner CONSTANT text := {owner_name};
    part record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = owner) THEN
        RETURN;
    END IF;
    PERFORM pg_catalog.set_config('role', owner, true);
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true); -- for the operators
    FOR part IN
        WITH declared (schema, name, role, columns, secrets) AS (
            VALUES
                {reads}
        ), called (schemas, tables, names) AS (
            VALUES
                {secrets}
        ), expected AS (
            SELECT * FROM declared
            UNION ALL
            -- A table that no model knows may be one of theirs, renamed by hand, or a copy: what is called as a secret
            -- column is one there, too.
            SELECT nspname, relname, {reader_name}, NULL, names
            FROM called
            JOIN pg_namespace ON nspname = ANY (schemas)
            JOIN pg_class ON relnamespace = pg_namespace.oid AND relkind IN ('r', 'p', 'v', 'm', 'f')
                AND relname <> ALL (tables)
            WHERE EXISTS (
                SELECT FROM pg_attribute
                WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped AND attname = ANY (names)
            ) AND NOT EXISTS (
                SELECT FROM pg_depend
                WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
            )
        )
        SELECT expected.schema, expected.name, expected.role, expected.columns IS NULL AND secrets = '{{}}' AS whole,
               string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS readable
        FROM expected
        JOIN pg_namespace ON nspname = expected.schema AND pg_get_userbyid(nspowner) = owner
        JOIN pg_class ON relnamespace = pg_namespace.oid AND relname = expected.name
        LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
            AND attname <> ALL (secrets) AND (expected.columns IS NULL OR attname = ANY (expected.columns))
        GROUP BY 1, 2, 3, 4
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', part.schema, part.role);
        IF part.whole THEN
            EXECUTE format('GRANT SELECT ON TABLE %I.%I TO %I', part.schema, part.name, part.role);
        ELSE
            EXECUTE format('REVOKE SELECT ON TABLE %I.%I FROM %I CASCADE', part.schema, part.name, part.role);
            IF part.readable IS NOT NULL THEN
                EXECUTE format(
                    'GRANT SELECT (%s) ON TABLE %I.%I TO %I', part.readable, part.schema, part.name, part.role);
            END IF;
        END IF;
    END LOOP;
    PERFORM pg_catalog.set_config('search_path', path, true);
    PERFORM pg_catalog.set_config('role', caller, true);
END
$reads$;
