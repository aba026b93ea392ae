-- The columns of a table's constraint, or of its unique index of that name.
SELECT a.attname::text
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid = %(table)s::oid AND a.attnum = ANY (
  coalesce(
    (SELECT k.conkey FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = %(table)s::oid AND k.conname = %(name)s::text),
    (SELECT i.indkey::smallint[] FROM pg_catalog.pg_index AS i
     JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
     WHERE i.indrelid = %(table)s::oid AND c.relname = %(name)s::text)
  )
)
ORDER BY a.attnum
