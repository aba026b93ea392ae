UPDATE payrollx_meta.tables SET {settings} WHERE (run_id, source, target) = (%(_run)s, %(_source)s, %(_target)s)
