UPDATE payrollx_meta.structures SET revisions = %(revisions)s, objects = %(objects)s WHERE run_id = %(run)s
