-- The tables that a verification has found identical, until it is done: one that is cut off goes on with the others.
CREATE TABLE payrollx_meta.verified_so_far (
  source      text NOT NULL,
  target      text NOT NULL,
  compared    text NOT NULL,
  verified_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  verdict     jsonb NOT NULL,
  PRIMARY KEY (source, target)
);
