-- The server can't foresee how few tables a structure is read of, and would read the catalogs whole, which have those of
-- all tenants: so it finds each object by an index.
SELECT pg_catalog.set_config('enable_seqscan', 'off', true),
       pg_catalog.set_config('enable_hashjoin', 'off', true),
       pg_catalog.set_config('enable_mergejoin', 'off', true)
