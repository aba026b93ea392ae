-- Where a run was last at work, as far as that was recorded; also of a state that has no such columns yet.
SELECT s.database, pg_catalog.to_jsonb(s) -> 'place', s.url
FROM payrollx_meta.sources AS s WHERE s.run_id = %(run)s
UNION ALL
(SELECT %(target)s, pg_catalog.to_jsonb(a) -> 'target_place', a.target_url
 FROM payrollx_meta.attempts AS a WHERE a.run_id = %(run)s ORDER BY a.attempt DESC LIMIT 1)
