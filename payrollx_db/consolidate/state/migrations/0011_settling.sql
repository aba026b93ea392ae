-- What a row in quarantine waits for: the table, and the values that a row of it will have in these columns.
ALTER TABLE payrollx_meta.quarantine ADD COLUMN waits_for jsonb;

-- Up to which place of its log a database was proven equal to the target, while it was followed: what was touched since
-- is noted in `touched`.
CREATE TABLE payrollx_meta.proofs (
  database        text PRIMARY KEY,
  place           pg_lsn NOT NULL,
  snapshot        pg_snapshot,
  verification_id bigint REFERENCES payrollx_meta.verifications ON DELETE SET NULL,
  at              timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

-- How far a followed database is ahead, as it was measured last. Bytes that nobody knows are NULL.
CREATE TABLE payrollx_meta.lags (
  database         text NOT NULL,
  direction        text NOT NULL,
  measured_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  lag_bytes        bigint,
  lag_seconds      double precision,
  lag_keys         bigint,
  retained_bytes   bigint,
  bytes_per_second double precision,
  free_bytes       bigint,
  safe_bytes       bigint,
  keep_limit_bytes bigint,
  wal_status       text,
  wal_end          pg_lsn,
  PRIMARY KEY (database, direction)
);
