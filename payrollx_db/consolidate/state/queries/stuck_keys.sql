SELECT source, key, reason FROM payrollx_meta.stuck WHERE database = %(database)s ORDER BY source, key
