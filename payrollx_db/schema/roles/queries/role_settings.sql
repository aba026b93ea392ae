-- What sessions of our roles and their logins begin with, in this database, where it isn't the default and is neither
-- tuning nor a form of values: a login may set that on itself. A timeout of a second or more is no obstacle.
SELECT role.rolname::text AS role, pg_database.datname::text AS database, entry.name, entry.value
FROM pg_catalog.pg_db_role_setting
JOIN pg_catalog.pg_roles AS role ON role.oid = setrole
LEFT JOIN pg_catalog.pg_database ON pg_database.oid = setdatabase
CROSS JOIN LATERAL (
    SELECT split_part(text, '=', 1) AS name, substr(text, strpos(text, '=') + 1) AS value FROM unnest(setconfig) AS text
) AS entry
LEFT JOIN pg_catalog.pg_settings AS known ON lower(known.name) = lower(entry.name)
WHERE (setdatabase = 0 OR datname = current_database())
    AND (role.rolname = ANY (%(roles)s) OR role.rolname = ANY (%(logins)s))
    AND entry.name <> 'application_name'
    AND NOT (entry.name = 'role' AND entry.value = ANY (%(users)s)) -- a login that becomes its service
    AND strpos(entry.name, '.') = 0 -- an application's own, which Postgres does nothing with, or an extension's
    AND entry.value IS DISTINCT FROM known.boot_val
    AND NOT coalesce(known.category ~ '^(Query Tuning|Resource Usage|Client Connection Defaults / Locale)', false)
    AND NOT CASE
        WHEN entry.name LIKE '%%\_timeout' AND entry.value ~ '^\s*\d+(\.\d+)?\s*(us|ms|s|min|h|d)?\s*$' THEN
            (entry.value || CASE WHEN entry.value ~ '\d\s*$' THEN 'ms' ELSE '' END)::interval >= '1 second'
            OR entry.value ~ '^\s*0'
        ELSE false
    END
ORDER BY role.rolname, database NULLS FIRST, entry.name
