INSERT INTO public."audit_logs"
SELECT pg_temp.id('compliance audit log', n),
    -- nothing enforced it: a few users are gone
    CASE WHEN n % 1000 = 77 THEN pg_temp.id('user gone', n)
        ELSE pg_temp.id('user', pg_temp.administrator(n % 1000)) END,
    (ARRAY['CREATE', 'UPDATE', 'DELETE', 'APPROVE', 'EXPORT'])[1 + n % 5],
    (ARRAY['Employee', 'PayrollRun', 'Wallet', 'ComplianceReport'])[1 + n % 4],
    CASE WHEN n % 50 = 0 THEN 'bulk:' || n
        ELSE pg_temp.id('employee', 1 + pg_temp.pick(n, 131, pg_temp.employees())) END,
    CASE n % 6
        WHEN 0 THEN NULL
        WHEN 1 THEN '"exported by hand"'
        WHEN 2 THEN '{}'
        ELSE jsonb_build_object(
            'before', jsonb_build_object('salary', pg_temp.pay(n), 'name', pg_temp.first_name(n)),
            'after', jsonb_build_object('salary', pg_temp.pay(n + 1), 'name', pg_temp.first_name(n))
        ) END,
    CASE WHEN n % 30 = 0 THEN NULL ELSE pg_temp.ip_address(n) END,
    CASE WHEN n % 30 = 0 THEN NULL ELSE pg_temp.user_agent(n) END,
    pg_temp.moment(n, 130, 730)
FROM generate_series(1, 3 * pg_temp.employees()) AS n;
