-- Where sequences stood before a run set them, and where it has set them.
CREATE TABLE payrollx_meta.sequences (
  run_id        bigint NOT NULL REFERENCES payrollx_meta.runs ON DELETE CASCADE,
  schema        text NOT NULL,
  name          text NOT NULL,
  value_before  bigint,
  called_before boolean,
  value         bigint NOT NULL,
  called        boolean NOT NULL,
  PRIMARY KEY (run_id, schema, name)
);
