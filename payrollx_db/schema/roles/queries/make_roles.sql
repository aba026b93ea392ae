-- The roles of the catalog {catalog}: one that owns everything, one that reads everything, and one a service.
--
-- `payrollx-db migrate` runs this first. A DBA may run it instead, once a server:
--
--     psql --dbname postgres --file roles.sql
--     GRANT {owner} TO the_role_that_migrates;
--
-- and then the role that migrates needs no CREATEROLE. It may be run again at any time. Roles belong to
-- the whole server, so another database may be making the same ones at this moment.
--
-- None of them can log in. A service's own login is made a member of its role, and of no other:
--
--     GRANT {example} TO the_login_of_that_service;
--
-- or the role itself is made one that logs in: payrollx-db roles login.

DO $roles$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        {roles}
    ]
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- someone else has made it between our look and our attempt
            END;
        END IF;
    END LOOP;
END
$roles$;

-- Whoever migrates acts as the owner, so that tables belong to one role whoever made them. Since Postgres 16
-- a role that isn't a superuser may grant roles that it made, but isn't itself a member of them.

DO $membership$
DECLARE
    needed CONSTANT text := CASE
        WHEN pg_catalog.current_setting('server_version_num')::integer >= 160000 THEN 'SET'
        ELSE 'MEMBER'
    END;
BEGIN
    IF NOT pg_catalog.pg_has_role(CURRENT_USER, {owner_name}, needed) THEN
        GRANT {owner} TO CURRENT_USER;
    END IF;
EXCEPTION WHEN unique_violation THEN
    NULL; -- the same role is migrating another database of this server, and has granted it there
END
$membership$;
