-- A run can be given up, and what could not be restored says why.
ALTER TABLE payrollx_meta.runs DROP CONSTRAINT runs_status_check;
ALTER TABLE payrollx_meta.runs ADD CONSTRAINT runs_status_check
  CHECK (status IN ('running', 'interrupted', 'failed', 'undone', 'abandoned', 'done'));
ALTER TABLE payrollx_meta.objects ADD COLUMN problem text;
