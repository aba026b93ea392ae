INSERT INTO public."wallets"
SELECT pg_temp.id('wallet', n),
    pg_temp.id('employee', n),
    pg_temp.public_key('wallet', n),
    CASE n % 12 WHEN 5 THEN NULL WHEN 7 THEN '{}'
        ELSE ARRAY[pg_temp.id('share a', n), pg_temp.id('share b', n), pg_temp.id('share c', n)] END,
    (ARRAY['mpc', 'mpc', 'mpc', 'mpc', 'mpc', 'mpc', 'phantom', 'ledger'])[1 + pg_temp.pick(n, 70, 8)::integer],
    pg_temp.id('user', pg_temp.administrator(pg_temp.organization_of(n))),
    made,
    made + pg_temp.pick(n, 72, 100) * interval '1 day',
    CASE WHEN n % 34 = 33 THEN timestamp '2025-01-20' + pg_temp.pick(n, 63, 864000000) * interval '1 millisecond' END
FROM (
    SELECT n, pg_temp.moment(n, 71, 400) AS made FROM generate_series(1, pg_temp.employees()) AS n OFFSET 0
) AS numbers
WHERE pg_temp.has_wallet(n);
