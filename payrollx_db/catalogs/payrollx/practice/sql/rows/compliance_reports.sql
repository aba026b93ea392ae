INSERT INTO public."compliance_reports"
SELECT pg_temp.id('report', n),
    (ARRAY['Annual payroll', 'KYC overview', 'Überweisungen', 'Tax withholding'])[1 + n % 4] || ' ' || 2023 + n % 3,
    (ARRAY['PDF', 'CSV', 'EXCEL', 'JSON']::public."ReportFormat"[])[1 + n / 4 % 4],
    status,
    date_trunc('month', made) - interval '1 month',
    date_trunc('month', made) - interval '1 millisecond',
    CASE n % 5
        WHEN 0 THEN NULL
        WHEN 1 THEN '{}'
        WHEN 2 THEN jsonb_build_object('organizationId', 'all', 'statuses', jsonb_build_array('COMPLETED', 'FAILED'))
        ELSE jsonb_build_object(
            'organizationId', pg_temp.id('organization', organization),
            'range', jsonb_build_object('from', made::date, 'note', 'с начала года')
        ) END,
    CASE WHEN status = 'COMPLETED' THEN '/reports/' || pg_temp.id('report', n) || '.pdf' END,
    CASE WHEN status = 'FAILED' THEN 'timed out after 30000 ms' END,
    pg_temp.id('user', pg_temp.administrator(organization)),
    made,
    made + interval '2 minutes',
    CASE WHEN status = 'COMPLETED' THEN made + interval '2 minutes' END
FROM (
    SELECT n, 1 + pg_temp.pick(n, 120, pg_temp.organizations())::integer AS organization,
        pg_temp.moment(n, 121, 730) AS made,
        (ARRAY['COMPLETED', 'GENERATING', 'COMPLETED', 'FAILED', 'COMPLETED', 'CANCELLED']::public."ReportStatus"[])
            [1 + n % 6] AS status
    FROM generate_series(1, greatest(16, pg_temp.employees() / 100)) AS n OFFSET 0
) AS numbers;
