SELECT coalesce(pg_catalog.string_agg(
    "id" || ' ' || pg_catalog.lower("email"), ', ' ORDER BY "id" COLLATE "C"
), '')
FROM public."Admin"
