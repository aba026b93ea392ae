SELECT "id", "name", "status", "databaseUrl", "databaseName"
FROM public."Tenant"
ORDER BY "id"
