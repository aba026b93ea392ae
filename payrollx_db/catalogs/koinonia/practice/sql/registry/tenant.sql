INSERT INTO public."Tenant" (
    "id", "churchId", "name", "email", "databaseUrl", "databaseHost", "databasePort", "databaseName",
    "subscriptionStatus", "subscriptionPlan", "trialEndsAt", "telnyxPhoneNumber", "telnyxNumberSid", "status", "updatedAt"
)
SELECT "id", "id", "name", "email", %(url)s, %(host)s, %(port)s, %(database)s,
    "subscriptionStatus", %(plan)s, "trialEndsAt", "telnyxPhoneNumber", "telnyxNumberSid", %(status)s, "updatedAt"
FROM public."Church" WHERE "id" = pg_temp.church(%(number)s)
