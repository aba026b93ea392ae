-- Values that no row of a table has.
SELECT q.value FROM pg_catalog.jsonb_array_elements({values}::jsonb) AS q (value)
WHERE NOT EXISTS (SELECT FROM {table} AS p WHERE {same})
