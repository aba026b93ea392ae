SELECT t."id", coalesce(pg_catalog.string_agg(
    i."adminId" || ' ' || pg_catalog.lower(i."email"), ', ' ORDER BY i."adminId" COLLATE "C"
), '')
FROM public."Tenant" AS t LEFT JOIN public."AdminEmailIndex" AS i ON i."tenantId" = t."id"
GROUP BY t."id"
