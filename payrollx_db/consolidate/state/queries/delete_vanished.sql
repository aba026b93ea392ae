DELETE FROM payrollx_meta.quarantine AS q
WHERE q.run_id = $1 AND q.source = $2 AND q.kind <> 'adopted'
  AND NOT EXISTS (SELECT FROM pg_temp.set_aside AS a WHERE a.key = q.key)
