-- Every type that these schemas have, or that a column of these tables is of, down to what arrays and domains are made
-- of. `brought` tells that an extension or the server itself has it.
WITH RECURSIVE used AS (
    SELECT pg_type.oid FROM pg_catalog.pg_type
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = typnamespace
    WHERE nspname = ANY (%(schemas)s) AND typtype IN ('e', 'd', 'r', 'm')
    UNION
    SELECT atttypid FROM pg_catalog.pg_attribute WHERE attrelid = ANY (%(tables)s) AND attnum > 0 AND NOT attisdropped
    UNION
    SELECT further.oid
    FROM used
    JOIN pg_catalog.pg_type ON pg_type.oid = used.oid
    CROSS JOIN LATERAL (VALUES (typelem), (typbasetype)) AS further (oid)
    WHERE further.oid <> 0
)
SELECT pg_type.oid, nspname AS schema, typname AS name, typtype AS kind,
    CASE WHEN typcategory = 'A' THEN typelem ELSE 0 END AS element, typbasetype AS base, typtypmod AS modifier,
    pg_catalog.format_type(typbasetype, typtypmod) AS base_written, typnotnull AS not_null, typdefault AS default,
    pg_catalog.obj_description(pg_type.oid, 'pg_type') AS comment,
    ARRAY(SELECT enumlabel::text FROM pg_catalog.pg_enum WHERE enumtypid = pg_type.oid ORDER BY enumsortorder) AS labels,
    coalesce((
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(
            conname, pg_catalog.pg_get_expr(conbin, 0)) ORDER BY conname)
        FROM pg_catalog.pg_constraint WHERE contypid = pg_type.oid AND contype = 'c'
    ), '[]') AS checks
FROM used
JOIN pg_catalog.pg_type ON pg_type.oid = used.oid
JOIN pg_catalog.pg_namespace ON pg_namespace.oid = typnamespace
ORDER BY nspname, typname
