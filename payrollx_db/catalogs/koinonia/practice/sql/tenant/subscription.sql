UPDATE public."Subscription" SET "plan" = %(plan)s, "billingCycle" = 'monthly',
    "status" = (ARRAY['active', 'active', 'past_due', 'cancelled'])[1 + pg_catalog.mod(%(number)s, 4)]
