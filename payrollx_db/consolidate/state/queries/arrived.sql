-- Held rows of which the one that they wait for has come: few, looked up in a table that may be large.
SELECT DISTINCT q.source, q.key
FROM payrollx_meta.quarantine AS q
WHERE q.restored_at IS NULL AND q.source = ANY ({sources}) AND q.waits_for ->> 'table' = {name}
  AND q.waits_for -> 'columns' = {columns}::jsonb AND EXISTS (SELECT FROM {table} AS p WHERE {same})
