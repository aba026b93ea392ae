--@ unconvertible organizations.createdBy
INSERT INTO public."organizations" ("id", "name", "createdBy", "createdAt", "updatedAt")
SELECT pg_temp.id('organization: made by the system', n), 'Seeded organization ' || n, 'system',
    timestamp '2023-02-01', timestamp '2023-02-01'
FROM generate_series(1, pg_temp.times(2)) AS n;

--@ drift employees.id
UPDATE public."employees"
SET "salary" = coalesce("salary", 0) + 1, "updatedAt" = "updatedAt" - interval '3 days'
WHERE "id" IN (SELECT pg_temp.id('employee', n) FROM generate_series(1, pg_temp.times(4)) AS n);

--@ stranded employees.id
INSERT INTO public."employees"
SELECT planted.*
FROM generate_series(1, pg_temp.times(2)) AS n,
    pg_temp.planted_employee(
        pg_temp.id('employee: only in organization', n), pg_temp.id('user', 1), pg_temp.id('organization', 1)
    ) AS planted;
