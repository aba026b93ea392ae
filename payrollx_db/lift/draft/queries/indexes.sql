-- The indexes of these tables, those of constraints too, element by element.
SELECT indrelid AS table, pg_index.indexrelid AS oid, relname AS name, amname AS method, indisunique AS unique,
    indisvalid AS valid, coalesce((pg_catalog.to_jsonb(pg_index) ->> 'indnullsnotdistinct')::boolean, false)
        AS nulls_not_distinct,
    pg_catalog.pg_get_expr(indpred, indrelid, true) AS predicate, coalesce(reloptions, '{}') AS options,
    pg_catalog.obj_description(pg_index.indexrelid, 'pg_class') AS comment,
    EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conindid = pg_index.indexrelid AND conrelid = indrelid
        AND contype IN ('p', 'u', 'x')) AS of_constraint,
    ARRAY(
        SELECT attname FROM pg_catalog.generate_series(indnkeyatts, indnatts - 1) AS position
        JOIN pg_catalog.pg_attribute ON (attrelid, attnum) = (indrelid, indkey[position])
        ORDER BY position
    ) AS included,
    elements.list AS elements
FROM pg_catalog.pg_index
JOIN pg_catalog.pg_class ON pg_class.oid = pg_index.indexrelid
JOIN pg_catalog.pg_am ON pg_am.oid = relam
CROSS JOIN LATERAL (
    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'column', plain.attname,
        'expression', pg_catalog.pg_get_indexdef(pg_index.indexrelid, position + 1, true),
        'collation', CASE WHEN indcollation[position] NOT IN (0, coalesce(plain.attcollation, expression_type.typcollation))
            THEN pg_catalog.format('%%I.%%I', collation_space.nspname, collname) END,
        'operators', CASE
            WHEN opcdefault AND element.attoptions IS NULL THEN NULL
            WHEN opcnamespace = 'pg_catalog'::regnamespace THEN pg_catalog.quote_ident(opcname) || parameters
            ELSE pg_catalog.format('%%I.%%I', operator_space.nspname, opcname) || parameters END,
        'descending', indoption[position] & 1 = 1,
        'nulls_first', indoption[position] & 2 = 2
    ) ORDER BY position) AS list
    FROM pg_catalog.generate_series(0, indnkeyatts - 1) AS position
    LEFT JOIN (
        SELECT attrelid AS of_table, attnum AS number, attname, attcollation FROM pg_catalog.pg_attribute
    ) AS plain ON (of_table, number) = (indrelid, indkey[position])
    JOIN pg_catalog.pg_attribute AS element ON (element.attrelid, element.attnum) = (pg_index.indexrelid, position + 1)
    JOIN pg_catalog.pg_type AS expression_type ON expression_type.oid = element.atttypid
    CROSS JOIN LATERAL (
        SELECT coalesce(' (' || pg_catalog.string_agg(pg_catalog.format(
            '%%s=%%L', pg_catalog.split_part(option, '=', 1), pg_catalog.substr(option, pg_catalog.strpos(option, '=') + 1)
        ), ', ') || ')', '') AS parameters
        FROM pg_catalog.unnest(element.attoptions) AS option
    ) AS given
    JOIN pg_catalog.pg_opclass ON pg_opclass.oid = indclass[position]
    JOIN pg_catalog.pg_namespace AS operator_space ON operator_space.oid = opcnamespace
    LEFT JOIN pg_catalog.pg_collation ON pg_collation.oid = indcollation[position]
    LEFT JOIN pg_catalog.pg_namespace AS collation_space ON collation_space.oid = collnamespace
) AS elements
WHERE indrelid = ANY (%(tables)s)
ORDER BY indrelid, relname
