-- Who follows and offers to hand over the run's lock, and who has asked for it since. It counts only while that session
-- holds the lock, so a row that a killed process has left means nothing.
CREATE TABLE payrollx_meta.handover (
  lock_pid    integer PRIMARY KEY,
  host        text NOT NULL,
  process     integer NOT NULL,
  since       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  asked_for   text,
  asked_by    text,
  asked_until timestamptz,
  agreed_at   timestamptz
);
