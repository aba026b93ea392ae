-- Whether there are records of structures that this role may read and write to; older versions made none.
SELECT coalesce(pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'UPDATE'), false)
FROM (SELECT pg_catalog.to_regclass('payrollx_meta.structures')) AS c (oid)
