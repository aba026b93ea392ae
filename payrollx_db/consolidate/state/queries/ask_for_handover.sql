UPDATE payrollx_meta.handover
SET asked_for = %(action)s, asked_by = %(operator)s, agreed_at = NULL,
    asked_until = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => %(seconds)s)
WHERE lock_pid = %(lock_pid)s
