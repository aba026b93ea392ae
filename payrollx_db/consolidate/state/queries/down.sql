-- What a run has dropped and not restored yet, by kind, and the tables that lack it.
SELECT kind, pg_catalog.count(*), pg_catalog.array_agg(DISTINCT table_name)
FROM payrollx_meta.objects
WHERE run_id = %(run)s AND restored_at IS NULL
GROUP BY kind
ORDER BY kind = 'foreign key', kind
