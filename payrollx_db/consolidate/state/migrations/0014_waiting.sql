-- Each pass that brings rows asks who waits for one of them.
CREATE INDEX quarantine_waits ON payrollx_meta.quarantine ((waits_for ->> 'table'))
WHERE restored_at IS NULL AND waits_for IS NOT NULL;
