-- A table that is emptied loses the rows that duplicate tables have brought in, too.
DELETE FROM payrollx_meta.parts WHERE run_id = $1 AND source <> $2 AND target = $3 AND part = $4
