-- Those of these target tables that finished runs have filled, be it in one scope.
SELECT DISTINCT t.target
FROM payrollx_meta.tables AS t
JOIN payrollx_meta.runs AS r ON r.id = t.run_id
WHERE r.status = 'done' AND t.kind = 'copy' AND t.status <> 'pending'
  AND t.target = ANY (%(targets)s::text[])
