-- Whether any row of a run is in, or was.
SELECT EXISTS (SELECT FROM payrollx_meta.slices WHERE run_id = %(run)s)
    OR EXISTS (SELECT FROM payrollx_meta.parts WHERE run_id = %(run)s AND finished_at IS NOT NULL)
    OR EXISTS (SELECT FROM payrollx_meta.tables WHERE run_id = %(run)s AND status IN ('copied', 'done'))
