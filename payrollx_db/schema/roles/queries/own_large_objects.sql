DO $large_objects$
DECLARE
    number oid;
BEGIN
    FOR number IN
        SELECT oid FROM pg_catalog.pg_largeobject_metadata WHERE pg_catalog.pg_get_userbyid(lomowner) = {role_name}
    LOOP
        EXECUTE pg_catalog.format('ALTER LARGE OBJECT %s OWNER TO %I', number, {owner_name});
    END LOOP;
END
$large_objects$;
