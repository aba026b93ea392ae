--@ unconvertible notifications.id
INSERT INTO public."notifications" ("id", "userId", "recipient", "subject", "content", "createdAt", "updatedAt")
SELECT pg_temp.no_uuid('ntf', n), pg_temp.id('user', 1), pg_temp.email(1), 'Imported', 'from the old mailer',
    timestamp '2025-01-11', timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(3)) AS n;
