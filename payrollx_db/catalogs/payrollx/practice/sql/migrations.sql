CREATE TABLE public."_prisma_migrations" (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
);

INSERT INTO public."_prisma_migrations"
SELECT pg_temp.id('migration ' || current_database(), n),
    encode(sha256(convert_to(name, 'UTF8')), 'hex'),
    started + interval '143 milliseconds', name, NULL, NULL, started, 1
FROM (VALUES
    (1, '20230131101500_init', timestamptz '2023-01-31 10:15:02.117+00'),
    (2, '20230612084210_soft_delete', timestamptz '2023-06-12 08:42:55.003+00'),
    (3, '20240108150005_defaults', timestamptz '2024-01-08 15:00:31.420+00')
) AS migrations (n, name, started);
