-- Without the examples: they are keys of rows, which a report that goes from hand to hand has no need of.
SELECT code, severity, place, count, message, action
FROM payrollx_meta.findings WHERE run_id = %(run)s ORDER BY severity, place, code
