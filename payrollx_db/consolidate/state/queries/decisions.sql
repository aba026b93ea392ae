-- What these runs decided about rows, as far as it is in force: a table that was emptied and copied again by a later
-- run is decided about by that one alone.
SELECT source, key, kind, code, action, column_name, cause
FROM payrollx_meta.quarantine AS q
WHERE restored_at IS NULL AND run_id IN (
    SELECT max(t.run_id) FROM payrollx_meta.tables AS t
    WHERE t.source = q.source AND t.run_id = ANY (%s)
    GROUP BY t.target
)
ORDER BY source, key, kind, column_name
