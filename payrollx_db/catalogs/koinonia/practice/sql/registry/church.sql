UPDATE public."Church" SET
    "id" = pg_temp.church(n),
    "name" = (ARRAY['Grace', 'Église', 'Hope', 'Kirche'])[1 + n % 4] || ' ' || (n + 1),
    "email" = 'office@church' || n || '.example.org',
    "telnyxPhoneNumber" = pg_temp.phone_number(n),
    "telnyxNumberSid" = CASE WHEN pg_temp.phone_number(n) IS NOT NULL THEN 'number-' || n END,
    "subscriptionStatus" = (ARRAY['trial', 'active', 'paused', 'cancelled'])[1 + n % 4]
FROM pg_catalog.generate_series(0, pg_catalog.current_setting('payrollx_dev.churches')::integer - 1) AS n
WHERE "id" = pg_temp.cuid('registry.churches', n)
