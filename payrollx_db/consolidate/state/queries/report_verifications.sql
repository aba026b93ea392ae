SELECT v.id, v.started_at, v.finished_at, v.identical, v.host, v.account, v.tool_version,
       (SELECT pg_catalog.count(*) FROM payrollx_meta.verified_tables AS t WHERE t.verification_id = v.id) AS tables,
       pg_catalog.to_jsonb(v) -> 'structure' AS structure
FROM payrollx_meta.verifications AS v WHERE v.run_id = %(run)s ORDER BY v.id
