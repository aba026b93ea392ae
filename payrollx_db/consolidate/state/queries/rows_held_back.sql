-- How many rows of each source table stay out of the tables of one schema, by what is in force: a table that was copied
-- again by a later run is decided about by that one alone.
SELECT q.source, pg_catalog.count(DISTINCT q.key)
FROM payrollx_meta.quarantine AS q
WHERE q.kind = 'row' AND q.restored_at IS NULL AND q.run_id IN (
    SELECT pg_catalog.max(t.run_id)
    FROM payrollx_meta.tables AS t
    JOIN payrollx_meta.runs AS r ON r.id = t.run_id
    WHERE t.source = q.source AND r.catalog = %(catalog)s AND r.status <> 'undone'
      AND pg_catalog.starts_with(t.target, %(schema)s || '.')
    GROUP BY t.target
)
GROUP BY q.source
ORDER BY q.source
