-- The columns of the tables with these oids, in their order; what their types are, types.sql says.
SELECT a.attrelid::bigint,
       a.attname::text,
       a.atttypid::bigint,
       a.atttypmod,
       NOT a.attnotnull,
       a.atthasdef OR a.attidentity <> '' OR t.typdefaultbin IS NOT NULL, -- a domain may bring one
       a.attgenerated <> '',
       a.attidentity::text,
       o.sequence,
       -- From 18 on, NOT NULL may have been declared for rows to come alone.
       a.attnotnull AND EXISTS (
         SELECT FROM pg_catalog.pg_constraint AS k
         WHERE k.conrelid = a.attrelid AND k.conrelid = ANY (%(tables)s::oid[]) AND k.contype = 'n' AND k.conkey[1] = a.attnum AND NOT k.convalidated
       )
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN (
  SELECT DISTINCT ON (d.refobjid, d.refobjsubid)
         d.refobjid, d.refobjsubid, pg_catalog.format('%%I.%%I', n.nspname, s.relname) AS sequence
  FROM pg_catalog.pg_depend AS d
  JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = d.objid -- not by the kind: that reads all relations there are
  JOIN pg_catalog.pg_class AS s ON s.oid = q.seqrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = s.relnamespace
  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
    AND d.refobjid = ANY (%(tables)s::oid[]) AND d.deptype IN ('a', 'i')
  ORDER BY d.refobjid, d.refobjsubid, s.oid
) AS o ON o.refobjid = a.attrelid AND o.refobjsubid = a.attnum
WHERE a.attrelid = ANY (%(tables)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
