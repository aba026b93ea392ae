-- The columns of these tables, with the sequence that each owns or counts by.
SELECT attrelid AS table, attname AS name, atttypid AS type, atttypmod AS modifier,
    pg_catalog.format_type(atttypid, atttypmod) AS written, attndims AS dimensions, attnotnull AS not_null,
    pg_catalog.pg_get_expr(adbin, adrelid) AS default, attidentity AS identity, attgenerated AS generated,
    CASE WHEN attcollation NOT IN (0, typcollation) THEN collname END AS collation,
    CASE WHEN attcollation NOT IN (0, typcollation) THEN collation_space.nspname END AS collation_schema,
    pg_catalog.col_description(attrelid, attnum) AS comment,
    owned.schema AS sequence_schema, owned.name AS sequence, owned.options AS sequence_options
FROM pg_catalog.pg_attribute
JOIN pg_catalog.pg_type ON pg_type.oid = atttypid
LEFT JOIN pg_catalog.pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
LEFT JOIN pg_catalog.pg_collation ON pg_collation.oid = attcollation
LEFT JOIN pg_catalog.pg_namespace AS collation_space ON collation_space.oid = collnamespace
LEFT JOIN LATERAL (
    SELECT nspname AS schema, relname AS name, pg_catalog.jsonb_build_object(
        'start', seqstart, 'increment', seqincrement, 'minvalue', seqmin, 'maxvalue', seqmax, 'cache', seqcache,
        'cycle', seqcycle, 'type', pg_catalog.format_type(seqtypid, NULL)
    ) AS options
    FROM pg_catalog.pg_depend
    JOIN pg_catalog.pg_class ON pg_class.oid = objid
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    JOIN pg_catalog.pg_sequence ON seqrelid = pg_class.oid
    WHERE classid = 'pg_catalog.pg_class'::regclass AND refclassid = 'pg_catalog.pg_class'::regclass
        AND (refobjid, refobjsubid) = (attrelid, attnum) AND deptype IN ('a', 'i')
    ORDER BY deptype DESC, relname
    LIMIT 1
) AS owned ON true
WHERE attrelid = ANY (%(tables)s) AND attnum > 0 AND NOT attisdropped
ORDER BY attrelid, attnum
