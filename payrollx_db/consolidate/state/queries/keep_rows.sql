UPDATE payrollx_meta.quarantine AS q SET row = a.row FROM pg_temp.set_aside AS a
WHERE q.run_id = $1 AND q.source = $2 AND q.key = a.key
