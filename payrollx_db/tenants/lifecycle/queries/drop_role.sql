-- A tenant's role, where nothing on this server needs it any more: what it may do in this database goes with it. Who
-- isn't a superuser has to have its rights for that, which who made it may give themselves.
DO $drop$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {role_name}) THEN
        IF NOT pg_catalog.pg_has_role({role_name}, 'USAGE') THEN
            IF pg_catalog.current_setting('server_version_num')::integer >= 160000 THEN
                EXECUTE pg_catalog.format('GRANT %I TO CURRENT_USER WITH INHERIT TRUE', {role_name}::text);
            ELSE
                GRANT {role} TO CURRENT_USER;
            END IF;
        END IF;
        DROP OWNED BY {role};
        DROP ROLE {role};
    END IF;
EXCEPTION
    WHEN dependent_objects_still_exist THEN
        RAISE NOTICE 'another database needs the role';
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'the role stays: a superuser, or who made it, may drop it';
END
$drop$
