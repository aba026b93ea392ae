-- The loose references of a run's tables, counted in the target when all rows were in. One that could not be counted has
-- no numbers, and says why.
CREATE TABLE payrollx_meta.loose_references (
  run_id     bigint NOT NULL REFERENCES payrollx_meta.runs ON DELETE CASCADE,
  reference  text NOT NULL,
  rows       bigint,
  orphans    bigint,
  problem    text,
  counted_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (run_id, reference)
);

-- How an attempt ended; one that was killed could not say so.
ALTER TABLE payrollx_meta.attempts
  ADD COLUMN IF NOT EXISTS ended_at timestamptz, ADD COLUMN IF NOT EXISTS status text,
  ADD COLUMN IF NOT EXISTS message text, ADD COLUMN IF NOT EXISTS target_encoding text;
ALTER TABLE payrollx_meta.sources ADD COLUMN IF NOT EXISTS encoding text;

-- Sums of number columns on both sides, as a verification saw them; as text, for they are exact.
CREATE TABLE payrollx_meta.verified_sums (
  verification_id bigint NOT NULL REFERENCES payrollx_meta.verifications ON DELETE CASCADE,
  source          text NOT NULL,
  target          text NOT NULL,
  column_name     text NOT NULL,
  source_rows     bigint NOT NULL,
  target_rows     bigint NOT NULL,
  source_sum      text,
  target_sum      text,
  PRIMARY KEY (verification_id, source, target, column_name)
);
