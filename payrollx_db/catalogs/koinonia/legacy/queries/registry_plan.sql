SELECT "id", "subscriptionPlan" FROM public."Tenant"
