-- Which migrations have run, and which version of the tool ran them. A state without this table is at version 1.
CREATE TABLE payrollx_meta.versions (
  version      integer PRIMARY KEY,
  tool_version text NOT NULL,
  migrated_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
