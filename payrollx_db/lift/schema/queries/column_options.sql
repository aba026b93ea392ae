-- The options of columns: as statements those that every Postgres knows, by their names alone all others.
SELECT DISTINCT option.name,
       CASE WHEN option.name IN ('n_distinct', 'n_distinct_inherited') THEN
         pg_catalog.format('ALTER TABLE ONLY %%I.%%I ALTER COLUMN %%I SET (%%s);', n.nspname, c.relname, a.attname, setting)
       ELSE '' END
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN pg_catalog.unnest(a.attoptions) AS setting
CROSS JOIN LATERAL pg_catalog.split_part(setting, '=', 1) AS option (name)
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p', 'f', 'm') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1, 2
