SELECT t."id", coalesce(pg_catalog.string_agg(
    p."phoneNumber", ', ' ORDER BY p."phoneNumber" COLLATE "C"
), '')
FROM public."Tenant" AS t LEFT JOIN public."PhoneNumberRegistry" AS p ON p."tenantId" = t."id"
GROUP BY t."id"
