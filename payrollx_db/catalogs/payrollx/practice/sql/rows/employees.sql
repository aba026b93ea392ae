INSERT INTO public."employees"
SELECT pg_temp.id('employee', n),
    pg_temp.id('organization', pg_temp.organization_of(n)),
    pg_temp.id('user', n),
    CASE WHEN pg_temp.has_wallet(n) THEN pg_temp.public_key('wallet', n) END,
    (ARRAY['PENDING', 'VERIFIED', 'APPROVED', 'APPROVED', 'APPROVED', 'VERIFIED', 'REJECTED']::public."KycStatus"[])
        [1 + pg_temp.pick(n, 60, 7)::integer],
    CASE n % 6
        WHEN 0 THEN NULL
        WHEN 1 THEN '[]'
        ELSE jsonb_build_array(
            jsonb_build_object('kind', 'passport', 'number', upper(left(md5(n::text), 9)), 'verified', n % 4 <> 0),
            jsonb_build_object(
                'kind', 'address', 'lines', jsonb_build_array('Große Straße ' || n % 200, pg_temp.last_name(n))
            )
        ) END,
    CASE WHEN n % 21 = 20 THEN NULL ELSE pg_temp.pay(n) * 12 END,
    (ARRAY['SOL', 'SOL', 'USDC', NULL])[1 + n % 4],
    hired,
    hired + pg_temp.pick(n, 62, 200) * interval '1 day',
    CASE WHEN n % 34 = 33 THEN timestamp '2025-01-20' + pg_temp.pick(n, 63, 864000000) * interval '1 millisecond' END
FROM (
    SELECT n, pg_temp.moment(n, 61, 360) AS hired FROM generate_series(1, pg_temp.employees()) AS n OFFSET 0
) AS numbers
WHERE NOT (pg_temp.is_copy() AND pg_temp.first_month(n) > 12);
