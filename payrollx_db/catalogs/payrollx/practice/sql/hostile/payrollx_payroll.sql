--@ drift employees.id
UPDATE public."employees"
SET "paymentToken" = 'OLD', "updatedAt" = "updatedAt" - interval '3 days'
WHERE "id" IN (SELECT pg_temp.id('employee', n) FROM generate_series(1, pg_temp.times(2)) AS n);

--@ stranded employees.id
INSERT INTO public."employees"
SELECT planted.*
FROM generate_series(1, pg_temp.times(2)) AS n,
    pg_temp.planted_employee(
        pg_temp.id('employee: only in payroll', n), pg_temp.id('user', 1), pg_temp.id('organization', 1)
    ) AS planted;

--@ orphan payroll_items.employeeId
INSERT INTO public."payroll_items" ("id", "payrollRunId", "employeeId", "amount", "createdAt", "updatedAt")
SELECT pg_temp.id('item: employee gone, month ' || month, n), pg_temp.id('run', month),
    pg_temp.id('employee: only in payroll', n), 7.5, timestamp '2025-01-11', timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(2)) AS n, generate_series(1, 2) AS month;

--@ lossy payroll_items.amount
INSERT INTO public."payroll_items" ("id", "payrollRunId", "employeeId", "amount", "createdAt", "updatedAt")
SELECT pg_temp.id('item: too exact', n), pg_temp.id('run', 1), pg_temp.id('employee', 1),
    CASE WHEN n % 2 = 0 THEN 1.0000000000000000001 ELSE -0.333333333333333333333333333333 END,
    timestamp '2025-01-11', timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(5)) AS n;
