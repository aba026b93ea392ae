-- Tables of these schemas whose indexes or keys a copy has taken down and not put back.
SELECT DISTINCT table_name
FROM payrollx_meta.objects
WHERE restored_at IS NULL AND pg_catalog.split_part(table_name, '.', 1) = ANY (%(schemas)s)
ORDER BY table_name
