-- A tenant without a subscription has the plan that the registry begins with.
SELECT coalesce((SELECT "plan" FROM public."Subscription" ORDER BY "createdAt" DESC, "id" DESC LIMIT 1), 'starter')
