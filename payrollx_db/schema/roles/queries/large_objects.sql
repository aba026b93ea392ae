-- How many large objects our services' roles and their logins own, or were granted something on; PUBLIC included.
WITH guests AS (
    SELECT oid, rolname FROM pg_catalog.pg_roles WHERE rolname = ANY (%(users)s) OR rolname = ANY (%(logins)s)
)
SELECT guests.rolname::text AS role, true AS owns, count(*) AS number
FROM pg_catalog.pg_largeobject_metadata
JOIN guests ON guests.oid = lomowner
GROUP BY guests.rolname
UNION ALL
SELECT coalesce(guests.rolname::text, 'PUBLIC'), false, count(DISTINCT object.oid)
FROM pg_catalog.pg_largeobject_metadata AS object
CROSS JOIN LATERAL aclexplode(lomacl) AS given
LEFT JOIN guests ON guests.oid = given.grantee
WHERE (guests.oid IS NOT NULL OR given.grantee = 0) AND given.grantee <> lomowner
GROUP BY guests.rolname
ORDER BY role, owns DESC
