-- A table that is emptied loses the rows that duplicate tables have brought in, too: those of the same scope.
DELETE FROM payrollx_meta.parts AS p
USING payrollx_meta.tables AS t, payrollx_meta.tables AS own
WHERE p.run_id = $1 AND p.source <> $2 AND p.target = $3 AND p.part = $4
  AND (t.run_id, t.source, t.target) = (p.run_id, p.source, p.target)
  AND (own.run_id, own.source, own.target) = ($1, $2, $3) AND own.scope = t.scope
