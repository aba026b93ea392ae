SELECT DISTINCT waits_for ->> 'table', waits_for -> 'columns' FROM payrollx_meta.quarantine
WHERE restored_at IS NULL AND waits_for IS NOT NULL AND source = ANY (%(sources)s)
