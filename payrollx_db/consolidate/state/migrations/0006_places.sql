-- Which server each source and the target was, beyond what a clone of it has as well: see `postgres.identity`.
ALTER TABLE payrollx_meta.sources ADD COLUMN place jsonb;
ALTER TABLE payrollx_meta.attempts ADD COLUMN target_place jsonb;
