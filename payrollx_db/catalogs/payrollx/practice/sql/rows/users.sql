INSERT INTO public."users"
SELECT pg_temp.id('user', n),
    pg_temp.email(n),
    '$2b$12$' || translate(pg_temp.public_key('password', n) || left(md5(n::text), 10), '-', '.'),
    pg_temp.first_name(n),
    pg_temp.last_name(n),
    CASE WHEN n <= pg_temp.employees() THEN CASE WHEN n % 60 = 1 THEN 'HR_MANAGER' ELSE 'EMPLOYEE' END
        WHEN n % 12 = 0 THEN 'SUPER_ADMIN' ELSE 'ORG_ADMIN' END,
    CASE WHEN n > pg_temp.employees()
            THEN pg_temp.id('organization', 1 + pg_temp.pick(n, 20, pg_temp.organizations()))
        WHEN n % 50 = 9 THEN NULL
        -- nothing enforced it: a few users point at organizations that are gone
        WHEN n % 500 = 17 THEN pg_temp.id('organization gone', n)
        ELSE pg_temp.id('organization', pg_temp.organization_of(n)) END,
    joined,
    joined + pg_temp.pick(n, 22, 20000000000) * interval '1 millisecond'
FROM (
    SELECT n, pg_temp.moment(n, 21, 330) AS joined FROM generate_series(1, pg_temp.users()) AS n OFFSET 0
) AS numbers;
