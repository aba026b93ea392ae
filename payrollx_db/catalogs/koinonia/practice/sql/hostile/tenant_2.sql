--@ drift subscription
UPDATE public."Subscription" SET "status" = 'unknown';
