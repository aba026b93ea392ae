-- Nobody else rewrites these records from here on, until the transaction ends: of two tenants of one run that are migrated
-- at once, the later one reads what the other has written.
SELECT s.run_id
FROM payrollx_meta.structures AS s JOIN payrollx_meta.runs AS r ON r.id = s.run_id
WHERE %(service)s = '' OR %(service)s = ANY (r.services)
ORDER BY s.run_id
FOR NO KEY UPDATE OF s
