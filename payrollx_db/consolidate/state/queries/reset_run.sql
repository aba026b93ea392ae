UPDATE payrollx_meta.runs SET status = 'failed', stage = 'copy', message = 'its tables have been emptied' WHERE id = %s
