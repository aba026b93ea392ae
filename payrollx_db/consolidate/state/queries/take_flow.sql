-- Whoever had it before has it until the end of the transaction that it writes in.
UPDATE payrollx_meta.flows SET owner = %s WHERE (database, direction) = (%s, %s)
