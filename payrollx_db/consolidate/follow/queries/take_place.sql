UPDATE payrollx.place AS p
SET owner = {owner}
WHERE p.database = {database}
RETURNING p.slot, p.publication, p.place::text, p.snapshot::text, p.read_place, p.surroundings, p.keys, p.at
