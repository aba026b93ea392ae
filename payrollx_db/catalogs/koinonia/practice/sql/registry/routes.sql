-- The seed is the tenant's, so that the admins' ids are.
WITH church AS (
    SELECT "id", "telnyxPhoneNumber" AS number, %(number)s::bigint AS n FROM public."Tenant" WHERE "id" = %(tenant)s
), numbers AS (
    INSERT INTO public."PhoneNumberRegistry" ("id", "phoneNumber", "tenantId", "registeredAt", "assignedAt")
    SELECT pg_temp.cuid('number of ' || "id", n), number, "id", timestamp '2024-06-01', timestamp '2024-06-01 00:00:00.250'
    FROM church WHERE number IS NOT NULL
)
INSERT INTO public."AdminEmailIndex" ("id", "emailHash", "email", "tenantId", "adminId", "createdAt")
SELECT pg_temp.cuid('index ' || n, admin), pg_temp.hashed(pg_temp.admin_email(n, admin)), pg_temp.admin_email(n, admin), "id",
    pg_temp.cuid('tenant.admins', admin), timestamp '2024-06-01 12:00:00.125'
FROM church, pg_catalog.generate_series(0, 1) AS admin
