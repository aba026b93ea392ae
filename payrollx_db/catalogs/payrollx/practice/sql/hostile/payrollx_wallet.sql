--@ drift employees.id
UPDATE public."employees"
SET "kycStatus" = CASE "kycStatus" WHEN 'PENDING' THEN 'REJECTED' ELSE 'PENDING' END::public."KycStatus",
    "updatedAt" = "updatedAt" - interval '3 days'
WHERE "id" IN (SELECT pg_temp.id('employee', n) FROM generate_series(1, pg_temp.times(3)) AS n);

--@ stranded employees.id
INSERT INTO public."employees"
SELECT planted.*
FROM generate_series(1, pg_temp.times(3)) AS n,
    pg_temp.planted_employee(
        pg_temp.id('employee: only in wallet', n), pg_temp.id('user', 1), pg_temp.id('organization', 1)
    ) AS planted;

--@ orphan wallets.employeeId
INSERT INTO public."wallets" ("id", "employeeId", "publicKey", "createdBy", "createdAt", "updatedAt")
SELECT pg_temp.id('wallet: employee gone', n), pg_temp.id('employee: only in wallet', n),
    pg_temp.public_key('wallet: employee gone', n), pg_temp.id('user', 1),
    timestamp '2025-01-11', timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(3)) AS n;

--@ none: exact copies of the owner's rows, for the wallets below
INSERT INTO public."employees"
SELECT planted.*
FROM (VALUES ('two wallets'), ('shared key a'), ('shared key b')) AS kinds (kind)
CROSS JOIN generate_series(1, pg_temp.times(2)) AS n,
    pg_temp.planted_employee(
        pg_temp.id('employee: ' || kind, n), pg_temp.id('user: ' || kind, n), pg_temp.id('organization', 1)
    ) AS planted;

--@ none: the first of each pair of wallets of one employee
INSERT INTO public."wallets" ("id", "employeeId", "publicKey", "createdBy", "createdAt", "updatedAt")
SELECT pg_temp.id('wallet: first', n), pg_temp.id('employee: two wallets', n), pg_temp.public_key('wallet: first', n),
    pg_temp.id('user', 1), timestamp '2025-01-11', timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(2)) AS n;

--@ duplicate wallets.employeeId
INSERT INTO public."wallets" ("id", "employeeId", "publicKey", "createdBy", "createdAt", "updatedAt")
SELECT pg_temp.id('wallet: second', n), pg_temp.id('employee: two wallets', n),
    pg_temp.public_key('wallet: second', n), pg_temp.id('user', 1), timestamp '2025-01-12', timestamp '2025-01-12'
FROM generate_series(1, pg_temp.times(2)) AS n;

--@ none: the first of each pair of wallets with one key
INSERT INTO public."wallets" ("id", "employeeId", "publicKey", "createdBy", "createdAt", "updatedAt")
SELECT pg_temp.id('wallet: shared key a', n), pg_temp.id('employee: shared key a', n),
    pg_temp.public_key('wallet: shared key', n), pg_temp.id('user', 1), timestamp '2025-01-11', timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(2)) AS n;

--@ duplicate wallets.publicKey
INSERT INTO public."wallets" ("id", "employeeId", "publicKey", "createdBy", "createdAt", "updatedAt")
SELECT pg_temp.id('wallet: shared key b', n), pg_temp.id('employee: shared key b', n),
    pg_temp.public_key('wallet: shared key', n), pg_temp.id('user', 1), timestamp '2025-01-12', timestamp '2025-01-12'
FROM generate_series(1, pg_temp.times(2)) AS n;

--@ none: exact copies of the owner's rows whose ids are no UUIDs; both sides are the same text
INSERT INTO public."employees"
SELECT planted.*
FROM generate_series(1, pg_temp.times(2)) AS n,
    pg_temp.planted_employee(
        pg_temp.no_uuid('emp', n), pg_temp.id('user: no uuid', n), pg_temp.id('organization', 1)
    ) AS planted;

--@ unconvertible wallets.employeeId
INSERT INTO public."wallets" ("id", "employeeId", "publicKey", "createdBy", "createdAt", "updatedAt")
SELECT pg_temp.id('wallet: no uuid', n), pg_temp.no_uuid('emp', n), pg_temp.public_key('wallet: no uuid', n),
    pg_temp.id('user', 1), timestamp '2025-01-11', timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(2)) AS n;
