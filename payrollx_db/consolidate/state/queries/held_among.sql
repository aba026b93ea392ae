SELECT EXISTS (
    SELECT FROM pg_catalog.json_each(%(keys)s::json) AS given (source, keys)
    CROSS JOIN LATERAL pg_catalog.json_array_elements_text(given.keys) AS one (key)
    JOIN payrollx_meta.quarantine AS q ON q.source = given.source AND q.key = one.key
    WHERE q.restored_at IS NULL AND q.kind <> 'adopted'
)
