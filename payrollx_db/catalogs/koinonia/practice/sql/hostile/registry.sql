--@ drift name of church and tenant
UPDATE public."Church" SET "name" = "name" || ' (new)' WHERE "id" = pg_temp.church(0);
--@ drift e-mail of church and tenant
UPDATE public."Tenant" SET "email" = 'other' || "email" WHERE "id" = pg_temp.church(1);
--@ drift number of church and tenant
UPDATE public."Church" SET "telnyxPhoneNumber" = '+12025559999' WHERE "id" = pg_temp.church(2);
--@ drift number's SID of church and tenant
UPDATE public."Church" SET "telnyxNumberSid" = 'number-lost' WHERE "id" = pg_temp.church(0);
--@ drift end of the trial of church and tenant
UPDATE public."Tenant" SET "trialEndsAt" = NULL WHERE "id" = pg_temp.church(1);
--@ drift status of the subscription of church and tenant
UPDATE public."Church" SET "subscriptionStatus" = 'unknown' WHERE "id" = pg_temp.church(2);
--@ drift numbers and the tenant's number
DELETE FROM public."PhoneNumberRegistry" WHERE "tenantId" = pg_temp.church(0);
--@ drift admins and their e-mails
UPDATE public."AdminEmailIndex" SET "adminId" = pg_temp.cuid('admin: gone', 0)
WHERE "tenantId" = pg_temp.church(1) AND "email" LIKE 'admin1@%';
