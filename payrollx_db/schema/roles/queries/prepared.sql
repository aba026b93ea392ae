-- Transactions of this database that somebody prepared so many minutes ago or earlier, and nobody ended.
SELECT gid, owner::text AS role, to_char(prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS since
FROM pg_catalog.pg_prepared_xacts
WHERE database = current_database() AND prepared < clock_timestamp() - make_interval(mins => %(minutes)s)
ORDER BY prepared, gid
