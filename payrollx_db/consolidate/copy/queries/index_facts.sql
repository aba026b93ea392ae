-- Of each index of these tables: what its definition doesn't say, and what rests on it.
SELECT i.indrelid::bigint AS oid,
       ic.relname::text AS name,
       said.description AS comment,
       said_too.description AS constraint_comment,
       coalesce(ts.spcname, '')::text AS tablespace,
       coalesce(pointing.keys, '{}') AS keys,
       -- It wouldn't come back as it was: it is broken, or other objects than foreign keys depend on it (views that group
       -- by a primary key, extensions), or its columns have statistics targets of their own.
       NOT i.indisvalid OR NOT i.indisready OR NOT i.indislive
       OR EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                  WHERE a.attrelid = i.indexrelid AND coalesce(a.attstattarget, -1) <> -1)
       OR EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE ((d.refclassid, d.refobjid) = ('pg_catalog.pg_class'::regclass, i.indexrelid)
                         OR (d.refclassid, d.refobjid) = ('pg_catalog.pg_constraint'::regclass, con.oid))
                    AND (d.classid, d.objid) <> ('pg_catalog.pg_class'::regclass, i.indexrelid)
                    AND NOT (d.classid = 'pg_catalog.pg_constraint'::regclass
                             AND EXISTS (SELECT FROM pg_catalog.pg_constraint AS f
                                         WHERE f.oid = d.objid AND f.contype = 'f')))
       OR EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.deptype IN ('e', 'x')
                    AND ((d.classid, d.objid) = ('pg_catalog.pg_class'::regclass, i.indexrelid)
                         OR (d.classid, d.objid) = ('pg_catalog.pg_constraint'::regclass, con.oid))) AS fixed
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS ic ON ic.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = ic.reltablespace
LEFT JOIN pg_catalog.pg_constraint AS con
  ON con.conindid = i.indexrelid AND con.conrelid = i.indrelid AND con.contype IN ('p', 'u', 'x')
LEFT JOIN pg_catalog.pg_description AS said
  ON said.objoid = i.indexrelid AND said.classoid = 'pg_catalog.pg_class'::regclass AND said.objsubid = 0
LEFT JOIN pg_catalog.pg_description AS said_too
  ON said_too.objoid = con.oid AND said_too.classoid = 'pg_catalog.pg_constraint'::regclass AND said_too.objsubid = 0
-- All keys at once: no index of the server leads from an index to the keys that need it.
LEFT JOIN (
  SELECT f.conindid, pg_catalog.array_agg(pg_catalog.format('%%s.%%s.%%s', fn.nspname, fc.relname, f.conname)) AS keys
  FROM pg_catalog.pg_constraint AS f
  JOIN pg_catalog.pg_class AS fc ON fc.oid = f.conrelid
  JOIN pg_catalog.pg_namespace AS fn ON fn.oid = fc.relnamespace
  WHERE f.contype = 'f' AND f.conparentid = 0
  GROUP BY f.conindid
) AS pointing ON pointing.conindid = i.indexrelid
WHERE i.indrelid = ANY (%(tables)s::oid[])
