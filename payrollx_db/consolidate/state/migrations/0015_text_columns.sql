-- Of which columns the hashes of a verified table are of the values' texts, which may take less to compare.
ALTER TABLE payrollx_meta.verified_tables ADD COLUMN text_columns text[] NOT NULL DEFAULT '{}';
