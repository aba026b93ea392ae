WITH others AS (DELETE FROM payrollx_meta.handover WHERE lock_pid <> %(lock_pid)s)
INSERT INTO payrollx_meta.handover (lock_pid, host, process) VALUES (%(lock_pid)s, %(host)s, %(process)s)
ON CONFLICT (lock_pid) DO UPDATE
SET host = excluded.host, process = excluded.process, since = pg_catalog.clock_timestamp(),
    asked_for = NULL, asked_by = NULL, asked_until = NULL, agreed_at = NULL
