-- The two have other words: what the registry has on trial is active in the tenant's, and what it paused is past due.
SELECT "id", CASE "subscriptionStatus" WHEN 'trial' THEN 'active' WHEN 'paused' THEN 'past_due'
    ELSE "subscriptionStatus" END
FROM public."Tenant"
