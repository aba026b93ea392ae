DO $keys$
DECLARE
    key record;
    lost bigint;
    is_dropped boolean;
    broken text[] := '{{}}';
BEGIN
    FOR key IN
        SELECT expected.*
        FROM pg_catalog.jsonb_to_recordset({keys}) AS expected (
            title text, name text,
            child_schema text, child text, child_columns text[],
            parent_schema text, parent text, parent_columns text[],
            definition text, orphans text)
        JOIN LATERAL (
            SELECT pg_class.oid
            FROM pg_catalog.pg_class
            JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
            WHERE (nspname, relname) = (expected.child_schema, expected.child)
                AND pg_catalog.pg_has_role(relowner, 'USAGE')
                AND (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute
                     WHERE attrelid = pg_class.oid AND attname = ANY (expected.child_columns) AND NOT attisdropped)
                    = pg_catalog.cardinality(expected.child_columns)
        ) AS child_table ON true
        JOIN LATERAL (
            SELECT pg_class.oid
            FROM pg_catalog.pg_class
            JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
            WHERE (nspname, relname) = (expected.parent_schema, expected.parent)
                AND pg_catalog.pg_has_role(relowner, 'USAGE')
                AND (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute
                     WHERE attrelid = pg_class.oid AND attname = ANY (expected.parent_columns) AND NOT attisdropped)
                    = pg_catalog.cardinality(expected.parent_columns)
        ) AS parent_table ON true
        WHERE NOT EXISTS (
            SELECT FROM pg_catalog.pg_constraint
            WHERE contype = 'f' AND conrelid = child_table.oid AND confrelid = parent_table.oid
                AND conname = expected.name
        )
    LOOP
        -- A copy that is under way, or was interrupted, has dropped its keys, and restores them itself.
        is_dropped := false;
        IF pg_catalog.to_regclass({dropped_table}) IS NOT NULL THEN
            EXECUTE {is_dropped} INTO is_dropped USING key.child_schema || '.' || key.child, key.name;
        END IF;
        CONTINUE WHEN is_dropped;
        BEGIN
            EXECUTE key.definition;
        EXCEPTION WHEN foreign_key_violation THEN
            EXECUTE key.orphans INTO lost;
            broken := broken || pg_catalog.format(
                '%s: %s at no row', key.title, CASE lost WHEN 1 THEN '1 row points' ELSE lost || ' rows point' END
            );
        END;
    END LOOP;
    IF pg_catalog.cardinality(broken) > 0 THEN
        RAISE SQLSTATE 'PX002' USING MESSAGE = pg_catalog.array_to_string(broken, '; ');
    END IF;
END
$keys$
