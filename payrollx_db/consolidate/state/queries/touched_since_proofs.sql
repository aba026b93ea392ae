-- What was touched of each of these databases that is proven, in one answer; one row without a key where nothing was.
SELECT p.database, t.source, t.key, t.why
FROM payrollx_meta.proofs AS p
LEFT JOIN payrollx_meta.touched AS t ON t.database = p.database
WHERE p.database = ANY (%s)
