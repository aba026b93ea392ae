--@ unconvertible audit_logs.userId
INSERT INTO public."audit_logs" ("id", "userId", "action", "entityType", "entityId", "createdAt")
SELECT pg_temp.id('compliance audit log: by the system', n), 'system', 'PURGE', 'Session', 'all',
    timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(4)) AS n;

--@ unconvertible compliance_reports.createdBy
INSERT INTO public."compliance_reports" ("id", "name", "startDate", "endDate", "createdBy", "createdAt", "updatedAt")
SELECT pg_temp.id('report: by the clock', n), 'Nightly ' || n, timestamp '2025-01-10', timestamp '2025-01-11', 'cron',
    timestamp '2025-01-11', timestamp '2025-01-11'
FROM generate_series(1, pg_temp.times(1)) AS n;
