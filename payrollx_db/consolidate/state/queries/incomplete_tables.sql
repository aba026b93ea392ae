-- Tables of these schemas whose indexes or foreign keys a copy has dropped and not restored.
SELECT DISTINCT table_name
FROM payrollx_meta.objects
WHERE restored_at IS NULL AND pg_catalog.split_part(table_name, '.', 1) = ANY (%(schemas)s)
ORDER BY table_name
