-- Triggers that --without-triggers has disabled, with the mode that each had (pg_trigger.tgenabled).
CREATE TABLE payrollx_meta.triggers (
  run_id      bigint NOT NULL REFERENCES payrollx_meta.runs ON DELETE CASCADE,
  table_name  text NOT NULL,
  name        text NOT NULL,
  mode        text NOT NULL,
  restored_at timestamptz,
  PRIMARY KEY (run_id, table_name, name)
);
