-- The foreign keys that leave or reach these tables or their partitions, without those that follow from a partitioned
-- table's own. Both ends are also named by the table that holds all of the partitions.
WITH keys AS (
  SELECT con.*,
         coalesce(pg_catalog.pg_partition_root(con.conrelid), con.conrelid) AS child,
         coalesce(pg_catalog.pg_partition_root(con.confrelid), con.confrelid) AS parent
  FROM pg_catalog.pg_constraint AS con
  WHERE con.contype = 'f' AND con.conparentid = 0
)
SELECT on_.nspname::text || '.' || oc.relname::text AS "table",
       k.conname::text AS name,
       cn.nspname::text || '.' || cc.relname::text AS child,
       pn.nspname::text || '.' || pc.relname::text AS parent,
       pg_catalog.obj_description(k.oid, 'pg_constraint') AS comment,
       oc.relkind = 'r' AND NOT oc.relispartition AS plain,
       -- It wouldn't come back as it was.
       coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced')::boolean, true) = false
       OR oc.relispartition
       OR EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgconstraint = k.oid AND t.tgenabled <> 'O')
       OR EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE (d.classid, d.objid) = ('pg_catalog.pg_constraint'::regclass, k.oid)
                    AND d.deptype IN ('e', 'x')) AS fixed
FROM keys AS k
JOIN pg_catalog.pg_class AS oc ON oc.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS on_ ON on_.oid = oc.relnamespace
JOIN pg_catalog.pg_class AS cc ON cc.oid = k.child
JOIN pg_catalog.pg_namespace AS cn ON cn.oid = cc.relnamespace
JOIN pg_catalog.pg_class AS pc ON pc.oid = k.parent
JOIN pg_catalog.pg_namespace AS pn ON pn.oid = pc.relnamespace
WHERE k.child = ANY (%(tables)s::oid[]) OR k.parent = ANY (%(tables)s::oid[])
ORDER BY 1, 2
