INSERT INTO public."organizations"
SELECT pg_temp.id('organization', n),
    pg_temp.last_name(n * 31)
        || (ARRAY[' & Söhne', ' Labs', ' Ltd', ' Coöperatie', ' 株式会社', ' S.A.'])[1 + n % 6] || ' #' || n,
    CASE n % 7
        WHEN 5 THEN NULL
        WHEN 6 THEN '{}'
        ELSE jsonb_build_object(
            'payroll', jsonb_build_object(
                'currency', (ARRAY['SOL', 'USDC'])[1 + n % 2], 'day', 25 + n % 4, 'approvals', n % 3
            ),
            'branding', jsonb_build_object('colour', '#' || left(md5(n::text), 6), 'motto', 'pünktlich · 準時 · ✓'),
            'limits', jsonb_build_array(n * 1000, 0.5, NULL)
        ) END,
    CASE n % 6 WHEN 4 THEN NULL WHEN 5 THEN '{}' ELSE ARRAY[
        pg_temp.public_key('signer', n), pg_temp.public_key('second signer', n), 'Treasury, "cold" {1}'
    ] END,
    n <= pg_temp.organizations() AND n % 11 <> 5,
    pg_temp.id('user', pg_temp.administrator(n)),
    founded,
    founded + pg_temp.pick(n, 51, 300) * interval '1 day',
    CASE WHEN n % 33 = 32 THEN timestamp '2025-01-15 09:30:00.25' END
FROM (
    SELECT n, pg_temp.moment(n, 50, 120) AS founded FROM generate_series(1, pg_temp.all_organizations()) AS n OFFSET 0
) AS numbers
WHERE NOT (pg_temp.is_copy() AND n > pg_temp.organizations() AND n % 2 = 0);
