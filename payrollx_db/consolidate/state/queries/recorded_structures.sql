-- With a service, only of the runs that were of it.
SELECT s.run_id, s.revisions, s.objects
FROM payrollx_meta.structures AS s JOIN payrollx_meta.runs AS r ON r.id = s.run_id
WHERE %(service)s = '' OR %(service)s = ANY (r.services)
ORDER BY s.run_id
