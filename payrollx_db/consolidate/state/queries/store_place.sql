UPDATE payrollx_meta.flows
SET place = {place}::text::pg_lsn, snapshot = {snapshot}::text::pg_snapshot, keys = keys + {keys},
    at = pg_catalog.clock_timestamp()
WHERE (database, direction) = ({database}, {direction})
