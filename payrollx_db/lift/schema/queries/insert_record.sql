INSERT INTO payrollx_meta.lifted_schemas
    (schema, service, source_database, source_schema, source_fingerprint, dump_major, structure, tool_version)
VALUES ({schema}, {service}, {database}, {source_schema}, {fingerprint}, {major}, {structure}, {version})
ON CONFLICT (schema) DO UPDATE
SET service = excluded.service, source_database = excluded.source_database, source_schema = excluded.source_schema,
    source_fingerprint = excluded.source_fingerprint, dump_major = excluded.dump_major,
    structure = excluded.structure, tool_version = excluded.tool_version, lifted_at = pg_catalog.now();
