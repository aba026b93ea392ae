DELETE FROM payrollx_meta.stuck WHERE database = %s AND source = %s AND key = ANY (%s::text[])
