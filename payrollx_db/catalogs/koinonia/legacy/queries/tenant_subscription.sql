SELECT coalesce((SELECT "status" FROM public."Subscription" ORDER BY "createdAt" DESC, "id" DESC LIMIT 1), 'active')
