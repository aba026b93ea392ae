SELECT datname FROM pg_catalog.pg_database
WHERE pg_catalog.starts_with(datname, %(prefix)s)
    AND pg_catalog.starts_with(pg_catalog.shobj_description(oid, 'pg_database'), %(mark)s)
ORDER BY datname
