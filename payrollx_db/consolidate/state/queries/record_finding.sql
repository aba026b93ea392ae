INSERT INTO payrollx_meta.findings (run_id, code, severity, place, count, message, examples, action)
VALUES (%(run)s, %(code)s, %(severity)s, %(place)s, %(count)s, %(message)s, %(examples)s, %(action)s)
ON CONFLICT (run_id, code, place) DO UPDATE SET count = excluded.count, examples = excluded.examples
