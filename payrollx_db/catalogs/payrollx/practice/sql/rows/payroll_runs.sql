INSERT INTO public."payroll_runs"
SELECT pg_temp.id('run', n),
    pg_temp.id('organization', organization),
    pg_temp.run_status(n)::public."PayrollStatus",
    pg_temp.month_end(month),
    pg_temp.pay(n) * 40,
    CASE WHEN organization % 2 = 0 THEN 'SOL' ELSE 'USDC' END,
    pg_temp.id('user', pg_temp.administrator(organization)),
    pg_temp.month_end(month) - interval '5 days',
    pg_temp.month_end(month) + pg_temp.pick(n, 80, 86400000) * interval '1 millisecond',
    CASE WHEN month = 12 AND organization % 25 = 24 THEN timestamp '2025-01-31 18:00:00' END
FROM (
    SELECT pg_temp.run(organization, month) AS n, organization, month
    FROM generate_series(1, pg_temp.organizations()) AS organization, generate_series(1, 12) AS month
    OFFSET 0
) AS numbers
WHERE NOT (pg_temp.is_copy() AND n % 240 = 238);
