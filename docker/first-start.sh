#!/bin/bash
# Run once by the image, on an empty volume: roles, one schema a service, the login that migrates, then the grants.
set -eu

run() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" "$@"; }

run --file /sql/roles.sql

# The login is no superuser. The password goes in over stdin: an argument could be seen in the list of processes.
run <<'SQL'
\getenv password PAYROLLX_MIGRATOR_PASSWORD
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
CREATE ROLE migrator LOGIN PASSWORD :'password' IN ROLE payrollx_owner;
SELECT pg_catalog.format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO migrator', pg_catalog.current_database())
\gexec
-- A service's schema has the name of its role, and belongs to the owner of everything.
SELECT pg_catalog.format('CREATE SCHEMA %I AUTHORIZATION payrollx_owner', pg_catalog.substr(rolname, 10))
FROM pg_catalog.pg_roles
WHERE rolname LIKE 'payrollx\_%' AND rolname NOT IN ('payrollx_owner', 'payrollx_reader')
\gexec
SQL

for file in /sql/*.sql; do
    run --file "$file"
done
