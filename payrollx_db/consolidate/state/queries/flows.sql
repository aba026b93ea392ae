SELECT f.database, f.direction, f.run_id, f.slot, f.publication, f.place::text, f.snapshot::text, f.read_place, f.surroundings, f.maps,
       f.status, f.made, f.keys, f.at
FROM payrollx_meta.flows AS f
WHERE %(direction)s::text IS NULL OR f.direction = %(direction)s
ORDER BY f.database, f.direction
