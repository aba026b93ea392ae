--@ drift payroll_runs.id
UPDATE public."payroll_runs"
SET "totalAmount" = "totalAmount" - 1, "updatedAt" = "updatedAt" - interval '3 days'
WHERE "id" IN (SELECT pg_temp.id('run', n) FROM generate_series(1, pg_temp.times(2)) AS n);

--@ stranded payroll_runs.id
INSERT INTO public."payroll_runs" ("id", "organizationId", "scheduledDate", "totalAmount",
    "createdBy", "createdAt", "updatedAt")
SELECT pg_temp.id('run: only in transaction', n), pg_temp.id('organization', 1), timestamp '2024-01-31', 10,
    pg_temp.id('user', 1), timestamp '2024-01-31', timestamp '2024-01-31'
FROM generate_series(1, pg_temp.times(1)) AS n;

--@ drift employees.id
UPDATE public."employees"
SET "walletAddress" = 'none', "updatedAt" = "updatedAt" - interval '3 days'
WHERE "id" IN (SELECT pg_temp.id('employee', n) FROM generate_series(1, pg_temp.times(1)) AS n);

--@ orphan transactions.employeeId
INSERT INTO public."transactions" ("id", "payrollRunId", "employeeId", "amount", "createdAt", "updatedAt")
SELECT pg_temp.id('transaction: employee gone', n), pg_temp.id('run', 1), pg_temp.id('employee gone', n), 3.25,
    timestamp '2025-01-11', timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(5)) AS n;

--@ lossy transactions.amount
INSERT INTO public."transactions" ("id", "payrollRunId", "employeeId", "amount", "createdAt", "updatedAt")
SELECT pg_temp.id('transaction: too exact', n), pg_temp.id('run', 1), pg_temp.id('employee', 1),
    n + 0.1234567890123456789, timestamp '2025-01-11', timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(3)) AS n;

--@ none: the first of each pair of ids that differ in case
INSERT INTO public."transactions" ("id", "payrollRunId", "employeeId", "amount", "createdAt", "updatedAt")
SELECT pg_temp.id('transaction: two cases', n), pg_temp.id('run', 1), pg_temp.id('employee', 1), 1,
    timestamp '2025-01-11', timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(2)) AS n;

--@ case-collision transactions.id
INSERT INTO public."transactions" ("id", "payrollRunId", "employeeId", "amount", "createdAt", "updatedAt")
SELECT upper(pg_temp.id('transaction: two cases', n)), pg_temp.id('run', 1), pg_temp.id('employee', 1), 1,
    timestamp '2025-01-11', timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(2)) AS n;
