-- What the tool remembers, in the database that it speaks of (schema payrollx_meta).
CREATE TABLE IF NOT EXISTS payrollx_meta.runs (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  catalog      text NOT NULL,
  layout       text NOT NULL,
  services     text[] NOT NULL,
  status       text NOT NULL CHECK (status IN ('running', 'interrupted', 'failed', 'undone', 'done')),
  stage        text NOT NULL DEFAULT 'copy',
  message      text,
  tool_version text NOT NULL,
  jobs         integer NOT NULL,
  host         text NOT NULL,
  process      integer NOT NULL,
  started_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  finished_at  timestamptz
);

CREATE TABLE IF NOT EXISTS payrollx_meta.sources (
  run_id         bigint NOT NULL REFERENCES payrollx_meta.runs ON DELETE CASCADE,
  database       text NOT NULL,
  system         text NOT NULL,
  dbname         text NOT NULL,
  url            text NOT NULL,
  server_version text NOT NULL,
  shape          text NOT NULL,
  PRIMARY KEY (run_id, database)
);

CREATE TABLE IF NOT EXISTS payrollx_meta.tables (
  run_id           bigint NOT NULL REFERENCES payrollx_meta.runs ON DELETE CASCADE,
  source           text NOT NULL,
  target           text NOT NULL,
  kind             text NOT NULL CHECK (kind IN ('copy', 'merge')),
  status           text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'copied', 'done')),
  estimated_rows   bigint NOT NULL,
  estimated_bytes  bigint NOT NULL,
  rows_read        bigint,
  rows_written     bigint,
  rows_quarantined bigint,
  rows_merged      bigint,
  bytes            bigint,
  seconds          double precision,
  started_at       timestamptz,
  finished_at      timestamptz,
  PRIMARY KEY (run_id, source, target)
);

CREATE TABLE IF NOT EXISTS payrollx_meta.parts (
  run_id      bigint NOT NULL,
  source      text NOT NULL,
  target      text NOT NULL,
  part        integer NOT NULL,
  snapshot    pg_snapshot NOT NULL,
  slices      integer NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (run_id, source, target, part),
  FOREIGN KEY (run_id, source, target) REFERENCES payrollx_meta.tables ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS payrollx_meta.slices (
  run_id       bigint NOT NULL,
  source       text NOT NULL,
  target       text NOT NULL,
  part         integer NOT NULL,
  slice        integer NOT NULL,
  rows_read    bigint NOT NULL,
  rows_written bigint NOT NULL,
  bytes        bigint NOT NULL,
  PRIMARY KEY (run_id, source, target, part, slice),
  FOREIGN KEY (run_id, source, target, part) REFERENCES payrollx_meta.parts ON DELETE CASCADE
);

-- Indexes and constraints that were taken down for the copy, as they were.
CREATE TABLE IF NOT EXISTS payrollx_meta.objects (
  run_id      bigint NOT NULL REFERENCES payrollx_meta.runs ON DELETE CASCADE,
  table_name  text NOT NULL,
  name        text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('index', 'foreign key')),
  detail      jsonb NOT NULL,
  restored_at timestamptz,
  PRIMARY KEY (run_id, table_name, name)
);

CREATE TABLE IF NOT EXISTS payrollx_meta.findings (
  run_id   bigint NOT NULL REFERENCES payrollx_meta.runs ON DELETE CASCADE,
  code     text NOT NULL,
  severity text NOT NULL,
  place    text NOT NULL,
  count    bigint NOT NULL,
  message  text NOT NULL,
  examples jsonb NOT NULL,
  action   text NOT NULL DEFAULT 'fail',
  PRIMARY KEY (run_id, code, place)
);

-- Rows that stay out (kind row), legacy rows of which a value was changed on the way in (kind value), and
-- rows of duplicate tables that go in themselves (kind adopted, whose row isn't kept: it is in the target).
CREATE TABLE IF NOT EXISTS payrollx_meta.quarantine (
  run_id      bigint NOT NULL REFERENCES payrollx_meta.runs ON DELETE CASCADE,
  source      text NOT NULL,
  key         text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('row', 'value', 'adopted')),
  code        text NOT NULL,
  action      text NOT NULL,
  column_name text NOT NULL DEFAULT '',
  cause       text NOT NULL DEFAULT '',
  row         jsonb,
  restored_at timestamptz,
  PRIMARY KEY (run_id, source, key, kind, column_name)
);

-- Each call of the copy that worked on a run: the first, and those that went on with it.
CREATE TABLE IF NOT EXISTS payrollx_meta.attempts (
  run_id         bigint NOT NULL REFERENCES payrollx_meta.runs ON DELETE CASCADE,
  attempt        integer NOT NULL,
  started_at     timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  host           text NOT NULL,
  process        integer NOT NULL,
  account        text NOT NULL DEFAULT SESSION_USER,
  tool_version   text NOT NULL,
  python_version text NOT NULL,
  jobs           integer NOT NULL,
  policies       text[] NOT NULL,
  discards       jsonb NOT NULL,
  waiting        text[] NOT NULL,
  target_system  text NOT NULL,
  target_dbname  text NOT NULL,
  target_url     text NOT NULL,
  target_version text NOT NULL,
  PRIMARY KEY (run_id, attempt)
);

-- What was done to tables beside moving their rows, and when: indexes, keys, statistics, merges.
CREATE TABLE IF NOT EXISTS payrollx_meta.steps (
  run_id      bigint NOT NULL REFERENCES payrollx_meta.runs ON DELETE CASCADE,
  table_name  text NOT NULL,
  name        text NOT NULL,
  kind        text NOT NULL,
  started_at  timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  PRIMARY KEY (run_id, table_name, name, kind)
);

CREATE TABLE IF NOT EXISTS payrollx_meta.verifications (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id       bigint NOT NULL REFERENCES payrollx_meta.runs ON DELETE CASCADE,
  started_at   timestamptz NOT NULL,
  finished_at  timestamptz NOT NULL,
  identical    boolean NOT NULL,
  host         text NOT NULL,
  account      text NOT NULL DEFAULT SESSION_USER,
  tool_version text NOT NULL
);

-- Rows and sums of row hashes of a target table, by bucket of the key's hash, as a verification saw them.
CREATE TABLE IF NOT EXISTS payrollx_meta.verified_tables (
  verification_id bigint NOT NULL REFERENCES payrollx_meta.verifications ON DELETE CASCADE,
  source          text NOT NULL,
  target          text NOT NULL,
  identical       boolean NOT NULL,
  source_rows     bigint NOT NULL,
  target_rows     bigint NOT NULL,
  quarantined     bigint NOT NULL,
  missing         bigint NOT NULL,
  extra           bigint NOT NULL,
  changed         bigint NOT NULL,
  started_at      timestamptz NOT NULL,
  finished_at     timestamptz NOT NULL,
  source_hash     text NOT NULL,
  target_hash     text NOT NULL,
  key_columns     text[] NOT NULL,
  row_columns     text[] NOT NULL,
  bucket_count    integer NOT NULL,
  buckets         jsonb NOT NULL,
  PRIMARY KEY (verification_id, source, target)
);
