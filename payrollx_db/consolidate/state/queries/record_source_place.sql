UPDATE payrollx_meta.sources SET place = %(place)s::jsonb, url = %(url)s
WHERE run_id = %(run)s AND database = %(database)s
