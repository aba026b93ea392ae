-- Whether the gate's function is there, and whether it refuses writes.
SELECT p.prosrc LIKE '%-- payrollx: closed%'
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS s ON s.oid = p.pronamespace
WHERE (s.nspname, p.proname) = ({schema}, {function}) AND p.pronargs = 0
