-- The structure of a run's tables as it was when the run began, before anything was dropped: an array of
-- [root, kind, table, name, properties]. A run of an older version has none.
CREATE TABLE payrollx_meta.structures (
  run_id      bigint PRIMARY KEY REFERENCES payrollx_meta.runs ON DELETE CASCADE,
  recorded_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  accepted_at timestamptz,
  revisions   text[] NOT NULL,
  objects     jsonb NOT NULL
);

-- What a verification found out about the structure; NULL where it didn't look.
ALTER TABLE payrollx_meta.verifications ADD COLUMN structure jsonb;
