INSERT INTO payrollx_meta.tables (run_id, source, target, kind, estimated_rows, estimated_bytes)
VALUES (%s, %s, %s, %s, %s, %s)
