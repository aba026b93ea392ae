--@ none: users of the employees that are planted in payrollx_employee for another trouble than a missing user
INSERT INTO public."users" ("id", "email", "password", "firstName", "lastName", "createdAt", "updatedAt")
SELECT pg_temp.id('user: ' || kind, n), replace(kind, ' ', '.') || n || '@planted.example', '', 'Planted', kind,
    timestamp '2025-01-10', timestamp '2025-01-10'
FROM (VALUES
    ('organization gone'), ('shared'), ('no uuid'), ('two cases, lower'), ('two cases, upper'), ('two wallets'),
    ('shared key a'), ('shared key b')
) AS kinds (kind)
CROSS JOIN generate_series(1, pg_temp.times(3)) AS n;

--@ unconvertible refresh_tokens.id
INSERT INTO public."refresh_tokens"
SELECT pg_temp.no_uuid('tok', n), pg_temp.signature('planted token', n), pg_temp.id('user', 1),
    timestamp '2025-02-01', timestamp '2025-01-25'
FROM generate_series(1, pg_temp.times(2)) AS n;

--@ case-collision refresh_tokens.id
INSERT INTO public."refresh_tokens"
SELECT upper(pg_temp.id('refresh token', n)), pg_temp.signature('token of the other case', n), pg_temp.id('user', 1),
    timestamp '2025-02-01', timestamp '2025-01-25'
FROM generate_series(1, least(pg_temp.times(2), 2 * pg_temp.employees())) AS n;
