-- What these runs have dropped and what isn't there now, whoever may have restored it meanwhile; with why, where it was
-- tried. (In a state of an earlier version nothing says why.)
SELECT o.run_id, o.table_name, o.name, o.kind, o.detail, coalesce(pg_catalog.to_jsonb(o) ->> 'problem', ''),
       -- Half-way: the index of a constraint without it, or a key that isn't valid yet.
       EXISTS (
         SELECT FROM pg_catalog.pg_index AS i
         JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
         JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE o.kind = 'index' AND i.indisvalid AND n.nspname || '.' || c.relname = o.table_name AND x.relname = o.name
       ) OR EXISTS (
         SELECT FROM pg_catalog.pg_constraint AS k
         JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE o.kind = 'foreign key' AND n.nspname || '.' || c.relname = o.table_name AND k.conname = o.name
       )
FROM payrollx_meta.objects AS o
WHERE o.run_id = ANY (%(runs)s)
  AND o.restored_at IS NULL
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint AS k
    JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname || '.' || c.relname = o.table_name
      AND k.conname = CASE o.kind WHEN 'foreign key' THEN o.name ELSE o.detail ->> 'constraint' END
      AND (o.kind <> 'foreign key' OR k.convalidated OR NOT (o.detail ->> 'validated')::boolean)
  )
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE o.kind = 'index' AND o.detail ->> 'constraint' IS NULL AND i.indisvalid
      AND n.nspname || '.' || c.relname = o.table_name AND x.relname = o.name
  )
ORDER BY o.run_id, o.kind = 'foreign key', o.table_name, o.name
