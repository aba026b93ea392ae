INSERT INTO public."notifications"
SELECT pg_temp.id('notification', n),
    -- nothing enforced it: a few users are gone
    CASE WHEN n % 1000 = 321 THEN pg_temp.id('user gone', n) ELSE pg_temp.id('user', recipient) END,
    (ARRAY['EMAIL', 'EMAIL', 'EMAIL', 'IN_APP', 'IN_APP', 'PUSH', 'SMS']::public."NotificationType"[])[1 + n % 7],
    CASE n % 7 WHEN 6 THEN '+49 151 ' || lpad((recipient * 7919 % 10000000)::text, 7, '0')
        ELSE pg_temp.email(recipient) END,
    (ARRAY['Your payslip', 'Payment sent', 'KYC approved ✓', 'Zahlung fehlgeschlagen', 'Wallet created'])[1 + n % 5]
        || ' #' || n,
    'Dear ' || pg_temp.first_name(recipient) || ' ' || pg_temp.last_name(recipient) || E',\n\n'
        || (ARRAY[
            'your salary for this period has been sent to your wallet. It may take a few minutes until it shows there.',
            'we couldn''t send your payment: "insufficient funds". Nobody has to do anything: it will be tried again.',
            'your documents have been checked, and your account is now open. Welcome aboard — приятной работы!',
            'someone signed in to your account from a new device. If that wasn''t you, change your password now.',
            E'your wallet\twas made.\r\nPublic key and C:\\path\\to\\nowhere are in the attachment.'
        ])[1 + n % 5]
        || repeat(
            E'\nThis message was sent by PayrollX on behalf of your employer. Please don''t reply to it.',
            (n % 4)::integer
        ),
    CASE WHEN n % 3 <> 0 THEN (ARRAY['payslip', 'payment', 'kyc', 'failure', 'wallet'])[1 + n % 5] || '-v2' END,
    CASE n % 8
        WHEN 0 THEN NULL
        WHEN 1 THEN '{}'
        ELSE jsonb_build_object(
            'attempt', n % 3,
            'locale', (ARRAY['en', 'de-DE', '日本語'])[1 + n % 3],
            'tags', jsonb_build_array('payroll', n % 2 = 0)
        ) END,
    status,
    CASE WHEN status = 'FAILED' THEN '550 5.1.1 <' || pg_temp.email(recipient) || '>: mailbox unavailable' END,
    made,
    made + interval '90 seconds',
    CASE WHEN status NOT IN ('PENDING', 'FAILED') THEN made + pg_temp.pick(n, 112, 60000) * interval '1 millisecond' END
FROM (
    SELECT n, 1 + pg_temp.pick(n, 110, pg_temp.users()) AS recipient, pg_temp.moment(n, 111, 730) AS made,
        (ARRAY[
            'PENDING', 'SENT', 'SENT', 'FAILED', 'DELIVERED', 'DELIVERED', 'READ', 'READ'
        ]::public."NotificationStatus"[])[1 + pg_temp.pick(n, 113, 8)::integer] AS status
    FROM generate_series(1, 6 * pg_temp.employees()) AS n OFFSET 0
) AS numbers;
