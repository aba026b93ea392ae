INSERT INTO public."refresh_tokens"
SELECT pg_temp.id('refresh token', n),
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.' || pg_temp.signature('claims', n) || '.' || pg_temp.public_key('token', n),
    pg_temp.id('user', 1 + pg_temp.pick(n, 30, pg_temp.users())),
    issued + interval '7 days',
    issued
FROM (
    SELECT n, pg_temp.moment(n, 31, 730) AS issued FROM generate_series(1, 2 * pg_temp.employees()) AS n OFFSET 0
) AS numbers;
