SELECT "id", coalesce("telnyxPhoneNumber", '') FROM public."Tenant"
