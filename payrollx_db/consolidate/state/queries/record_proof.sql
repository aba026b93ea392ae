INSERT INTO payrollx_meta.proofs (database, place, snapshot) VALUES (%s, %s, %s)
ON CONFLICT (database) DO UPDATE
SET place = excluded.place, snapshot = excluded.snapshot, at = pg_catalog.clock_timestamp(), verification_id = NULL
