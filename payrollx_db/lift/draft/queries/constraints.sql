-- The constraints of these tables, but those of NOT NULL. Operators are those of an exclusion, qualified where they
-- must be.
SELECT conrelid AS table, conname AS name, contype AS kind, condeferrable AS deferrable, condeferred AS deferred,
    convalidated AS validated, pg_catalog.pg_get_constraintdef(pg_constraint.oid) AS definition,
    coalesce(pg_catalog.pg_get_expr(conbin, conrelid, true), '') AS expression, connoinherit AS no_inherit,
    conindid AS index, confupdtype AS on_update, confdeltype AS on_delete, confmatchtype AS match,
    pg_catalog.obj_description(pg_constraint.oid, 'pg_constraint') AS comment,
    target_space.nspname AS target_schema, target.relname AS target,
    ARRAY(
        SELECT attname FROM pg_catalog.unnest(conkey) WITH ORDINALITY AS key (number, position)
        JOIN pg_catalog.pg_attribute ON (attrelid, attnum) = (conrelid, number)
        ORDER BY position
    ) AS columns,
    ARRAY(
        SELECT attname FROM pg_catalog.unnest(confkey) WITH ORDINALITY AS key (number, position)
        JOIN pg_catalog.pg_attribute ON (attrelid, attnum) = (confrelid, number)
        ORDER BY position
    ) AS target_columns,
    ARRAY(
        SELECT CASE WHEN oprnamespace = 'pg_catalog'::regnamespace THEN oprname
            ELSE pg_catalog.format('OPERATOR(%%I.%%s)', operator_space.nspname, oprname) END
        FROM pg_catalog.unnest(conexclop) WITH ORDINALITY AS key (number, position)
        JOIN pg_catalog.pg_operator ON pg_operator.oid = number
        JOIN pg_catalog.pg_namespace AS operator_space ON operator_space.oid = oprnamespace
        ORDER BY position
    ) AS operators
FROM pg_catalog.pg_constraint
LEFT JOIN pg_catalog.pg_class AS target ON target.oid = confrelid
LEFT JOIN pg_catalog.pg_namespace AS target_space ON target_space.oid = target.relnamespace
WHERE conrelid = ANY (%(tables)s) AND contype IN ('p', 'u', 'f', 'c', 'x')
    -- of a key that points at a partitioned table, Postgres makes one for each partition
    AND conparentid = 0
ORDER BY conrelid, contype = 'p' DESC, conname
