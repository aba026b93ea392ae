DELETE FROM payrollx_meta.quarantine
WHERE source = %(source)s AND key = ANY (%(keys)s) AND kind <> 'adopted' AND restored_at IS NULL
