-- Whether there is a record of migrations; as a look into the catalog, which takes no privilege.
SELECT EXISTS (
    SELECT
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'payrollx_meta' AND c.relname = 'alembic_version'
) AS there
