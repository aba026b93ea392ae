SELECT FROM payrollx_meta.runs WHERE id = %s AND status = 'running' AND (host, process) = (%s, %s)
