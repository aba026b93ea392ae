-- What a verification that was cut off less than a day ago has found identical.
SELECT source, target, compared, verified_at, verdict
FROM payrollx_meta.verified_so_far
WHERE verified_at > pg_catalog.clock_timestamp() - interval '1 day'
