-- Whether the state is there at all, and whether it says of which version it is.
SELECT pg_catalog.to_regclass('payrollx_meta.runs') IS NOT NULL,
       pg_catalog.to_regclass('payrollx_meta.versions') IS NOT NULL
