DO $large_objects$
DECLARE
    number oid;
BEGIN
    FOR number IN
        SELECT object.oid
        FROM pg_catalog.pg_largeobject_metadata AS object, pg_catalog.aclexplode(lomacl) AS given
        WHERE given.grantee <> lomowner AND {role_name} = CASE given.grantee
            WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(given.grantee) END
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON LARGE OBJECT %s FROM %s CASCADE', number, {role_word});
    END LOOP;
END
$large_objects$;
