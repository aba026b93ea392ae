-- A tenant's role, where nothing on this server needs it any more: what it may do in this database goes with it.
DO $drop$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {role_name}) THEN
        DROP OWNED BY {role};
        DROP ROLE {role};
    END IF;
EXCEPTION WHEN dependent_objects_still_exist THEN
    RAISE NOTICE 'another database needs the role';
END
$drop$
