UPDATE payrollx_meta.quarantine AS q SET row = a.row FROM pg_temp.set_aside AS a
WHERE q.run_id = %(run)s AND q.source = %(source)s AND q.key = a.key
