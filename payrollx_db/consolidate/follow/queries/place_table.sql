CREATE TABLE IF NOT EXISTS payrollx.place (
  database     text PRIMARY KEY,
  slot         text NOT NULL,
  publication  text NOT NULL,
  place        pg_lsn,
  snapshot     pg_snapshot,
  read_place   jsonb,
  surroundings jsonb,
  keys         bigint NOT NULL DEFAULT 0,
  owner        text,
  at           timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
)
