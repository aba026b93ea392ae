INSERT INTO public."transactions"
SELECT pg_temp.id('transaction', n),
    -- nothing enforced it: a few point at runs that are gone
    CASE WHEN n % 1000 = 500 THEN pg_temp.id('run gone', run) ELSE pg_temp.id('run', run) END,
    pg_temp.id('employee', employee),
    (CASE WHEN n % 20 = 0 THEN (ARRAY['BONUS', 'REFUND', 'ADJUSTMENT'])[1 + (n / 20 % 3)::integer] ELSE 'PAYROLL' END)
        ::public."TransactionType",
    pg_temp.pay(employee) + CASE WHEN n % 20 = 0 THEN 1.25 ELSE 0 END,
    CASE WHEN n % 3 = 0 THEN 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v' END,
    CASE WHEN status = 'COMPLETED' THEN pg_temp.signature('payment', n) END,
    status::public."TransactionStatus",
    CASE WHEN status = 'FAILED' THEN E'Transaction simulation failed: custom program error: 0x1\n  at slot ' || n END,
    CASE WHEN n % 15 = 0 THEN 'nachgezahlt für ' || pg_temp.first_name(employee) || ' · ok ✓' END,
    sent,
    sent + interval '4 seconds',
    CASE WHEN status = 'COMPLETED' THEN sent + pg_temp.pick(n, 101, 9000) * interval '1 millisecond' END
FROM (
    SELECT employee * 12 + month - 1 AS n, employee, run,
        pg_temp.month_end(month) + pg_temp.pick(employee * 12 + month, 100, 7200000) * interval '1 millisecond' AS sent,
        CASE WHEN month = 11 THEN (ARRAY['PENDING', 'PROCESSING'])[1 + employee % 2]
            WHEN pg_temp.pick(employee * 12 + month, 90, 50) = 0 THEN 'FAILED'
            WHEN pg_temp.pick(employee * 12 + month, 102, 90) = 0 THEN 'CANCELLED'
            ELSE 'COMPLETED' END AS status
    FROM (
        SELECT employee::bigint, month, pg_temp.run(organization, month) AS run
        FROM (
            SELECT employee, pg_temp.organization_of(employee) AS organization,
                pg_temp.first_month(employee) AS first_month
            FROM generate_series(1, pg_temp.employees()) AS employee OFFSET 0
        ) AS hired
        CROSS JOIN generate_series(1, 11) AS month
        WHERE month >= first_month OFFSET 0
    ) AS paid OFFSET 0
) AS payments;
