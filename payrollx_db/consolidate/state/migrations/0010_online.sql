-- What is followed, one row a database and direction: `place` is how far its log has been brought over, in the
-- transaction that brought it; `made` is what was made in the database that is read, recorded before it is made.
CREATE TABLE payrollx_meta.flows (
  database    text NOT NULL,
  direction   text NOT NULL CHECK (direction IN ('forward', 'back')),
  run_id      bigint REFERENCES payrollx_meta.runs ON DELETE SET NULL,
  slot        text NOT NULL,
  publication text NOT NULL,
  place       pg_lsn,
  snapshot    pg_snapshot,
  read_place  jsonb,
  surroundings jsonb,
  maps        text,
  owner       text,
  status      text NOT NULL,
  made        jsonb NOT NULL DEFAULT '[]',
  keys        bigint NOT NULL DEFAULT 0,
  at          timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (database, direction)
);

-- Which side is the one that is written, by database; each step writes what it is about to do before it does it.
CREATE TABLE payrollx_meta.switches (
  database text PRIMARY KEY,
  stage    text NOT NULL CHECK (stage IN ('following', 'fencing', 'fenced', 'open', 'rolling_back', 'back', 'complete')),
  intent   jsonb,
  operator text,
  at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

-- Keys whose rows are to be looked at by the next settling: children that were written, parents that were deleted,
-- rows of duplicate tables that have changed.
CREATE TABLE payrollx_meta.touched (
  database text NOT NULL,
  source   text NOT NULL,
  key      text NOT NULL,
  why      text NOT NULL,
  at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (database, source, key, why)
);

-- Rows that can't go back row by row, with the reason.
CREATE TABLE payrollx_meta.stuck (
  database text NOT NULL,
  source   text NOT NULL,
  key      text NOT NULL,
  reason   text NOT NULL,
  at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (database, source, key)
);
