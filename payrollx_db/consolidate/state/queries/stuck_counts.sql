SELECT database, source, pg_catalog.count(*) FROM payrollx_meta.stuck GROUP BY database, source ORDER BY database, source
