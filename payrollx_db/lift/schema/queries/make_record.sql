-- What was lifted: for each schema, where from, and what the source's schema and ours were then.
CREATE TABLE IF NOT EXISTS payrollx_meta.lifted_schemas (
    schema text PRIMARY KEY,
    service text NOT NULL,
    source_database text NOT NULL,
    source_schema text NOT NULL,
    source_fingerprint text NOT NULL,
    dump_major integer NOT NULL,
    structure text NOT NULL,
    tool_version text NOT NULL,
    lifted_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
ALTER TABLE payrollx_meta.lifted_schemas OWNER TO {owner};
