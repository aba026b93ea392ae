SELECT f.database FROM payrollx_meta.flows AS f WHERE f.direction = 'forward'
