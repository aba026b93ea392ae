-- A row that was out is in; of one that went in with a value changed, nothing is left to tell.
WITH changed AS (
  DELETE FROM payrollx_meta.quarantine
  WHERE source = %(source)s AND key = ANY (%(keys)s) AND kind = 'value' AND restored_at IS NULL
)
UPDATE payrollx_meta.quarantine SET restored_at = pg_catalog.clock_timestamp(), waits_for = NULL
WHERE source = %(source)s AND key = ANY (%(keys)s) AND kind = 'row' AND restored_at IS NULL
