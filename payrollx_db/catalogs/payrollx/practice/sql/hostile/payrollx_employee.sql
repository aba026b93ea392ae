--@ orphan employees.userId
INSERT INTO public."employees"
SELECT planted.*
FROM generate_series(1, pg_temp.times(3)) AS n,
    pg_temp.planted_employee(
        pg_temp.id('employee: user gone', n), pg_temp.id('user gone', n), pg_temp.id('organization', 1)
    ) AS planted;

--@ stranded organizations.id
INSERT INTO public."organizations" ("id", "name", "createdBy", "createdAt", "updatedAt")
SELECT pg_temp.id('organization: only in employee', n), 'Deleted at the owner''s ' || n, pg_temp.id('user', 1),
    timestamp '2023-02-01', timestamp '2023-02-01'
FROM generate_series(1, pg_temp.times(2)) AS n;

--@ orphan employees.organizationId
INSERT INTO public."employees"
SELECT planted.*
FROM generate_series(1, pg_temp.times(2)) AS n,
    pg_temp.planted_employee(
        pg_temp.id('employee: organization gone', n), pg_temp.id('user: organization gone', n),
        pg_temp.id('organization: only in employee', n)
    ) AS planted;

--@ drift organizations.id
UPDATE public."organizations"
SET "name" = "name" || ' (old name)', "updatedAt" = "updatedAt" - interval '3 days'
WHERE "id" IN (SELECT pg_temp.id('organization', n) FROM generate_series(1, pg_temp.times(1)) AS n);

--@ none: the first of each pair that shares a user
INSERT INTO public."employees"
SELECT planted.*
FROM generate_series(1, pg_temp.times(2)) AS n,
    pg_temp.planted_employee(
        pg_temp.id('employee: shared user, first', n), pg_temp.id('user: shared', n), pg_temp.id('organization', 1)
    ) AS planted;

--@ duplicate employees.userId
INSERT INTO public."employees"
SELECT planted.*
FROM generate_series(1, pg_temp.times(2)) AS n,
    pg_temp.planted_employee(
        pg_temp.id('employee: shared user, second', n), pg_temp.id('user: shared', n), pg_temp.id('organization', 1)
    ) AS planted;

--@ unconvertible employees.id
INSERT INTO public."employees"
SELECT planted.*
FROM generate_series(1, pg_temp.times(2)) AS n,
    pg_temp.planted_employee(
        pg_temp.no_uuid('emp', n), pg_temp.id('user: no uuid', n), pg_temp.id('organization', 1)
    ) AS planted;

--@ none: the first of each pair of ids that differ in case
INSERT INTO public."employees"
SELECT planted.*
FROM generate_series(1, pg_temp.times(1)) AS n,
    pg_temp.planted_employee(
        pg_temp.id('employee: two cases', n), pg_temp.id('user: two cases, lower', n), pg_temp.id('organization', 1)
    ) AS planted;

--@ case-collision employees.id
INSERT INTO public."employees"
SELECT planted.*
FROM generate_series(1, pg_temp.times(1)) AS n,
    pg_temp.planted_employee(
        upper(pg_temp.id('employee: two cases', n)), pg_temp.id('user: two cases, upper', n),
        pg_temp.id('organization', 1)
    ) AS planted;

--@ none: owners of the wallets that are planted in payrollx_wallet
INSERT INTO public."employees"
SELECT planted.*
FROM (VALUES ('two wallets'), ('shared key a'), ('shared key b')) AS kinds (kind)
CROSS JOIN generate_series(1, pg_temp.times(2)) AS n,
    pg_temp.planted_employee(
        pg_temp.id('employee: ' || kind, n), pg_temp.id('user: ' || kind, n), pg_temp.id('organization', 1)
    ) AS planted;
