SELECT source, target, part, snapshot::text AS snapshot, slices, finished_at
FROM payrollx_meta.parts WHERE run_id = %(run)s ORDER BY source, target, part
