INSERT INTO public."payroll_items"
SELECT pg_temp.id('item', n),
    pg_temp.id('run', run),
    pg_temp.id('employee', employee),
    pg_temp.pay(employee) + CASE WHEN n % 20 = 0 THEN 1.25 ELSE 0 END,
    status::public."PayrollStatus",
    CASE WHEN status = 'COMPLETED' THEN pg_temp.signature('payment', n) END,
    CASE WHEN status = 'FAILED' THEN 3 WHEN n % 25 = 0 THEN 1 ELSE 0 END,
    pg_temp.month_end(month) - interval '1 day',
    pg_temp.month_end(month) + pg_temp.pick(n, 91, 7200000) * interval '1 millisecond',
    CASE WHEN n % 1000 = 999 THEN pg_temp.month_end(month) END
FROM (
    SELECT employee * 12 + month - 1 AS n, employee, month, run,
        CASE WHEN status = 'COMPLETED' AND pg_temp.pick(employee * 12 + month, 90, 50) = 0 THEN 'FAILED'
            ELSE status END AS status
    FROM (
        SELECT employee, month, run, pg_temp.run_status(run) AS status
        FROM (
            SELECT employee::bigint, month, pg_temp.run(organization, month) AS run
            FROM (
                SELECT employee, pg_temp.organization_of(employee) AS organization,
                    pg_temp.first_month(employee) AS first_month
                FROM generate_series(1, pg_temp.employees()) AS employee OFFSET 0
            ) AS hired
            CROSS JOIN generate_series(1, 12) AS month
            WHERE month >= first_month OFFSET 0
        ) AS paid OFFSET 0
    ) AS due OFFSET 0
) AS items;
