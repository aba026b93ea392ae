-- What is left of the time when all churches were in this database: Prisma's bookkeeping, and old tables.

CREATE TABLE public."_prisma_migrations" (
    "id" VARCHAR(36) NOT NULL PRIMARY KEY,
    "checksum" VARCHAR(64) NOT NULL,
    "finished_at" TIMESTAMPTZ,
    "migration_name" VARCHAR(255) NOT NULL,
    "logs" TEXT,
    "rolled_back_at" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
);
INSERT INTO public."_prisma_migrations" ("id", "checksum", "finished_at", "migration_name", "started_at", "applied_steps_count")
SELECT pg_catalog.md5(n::text)::uuid::text, pg_catalog.encode(pg_catalog.sha256(n::text::bytea), 'hex'), day,
    pg_catalog.to_char(day, 'YYYYMMDDHH24MISS') || '_step_' || n, day, 1
FROM pg_catalog.generate_series(1, 16) AS n, LATERAL (SELECT timestamptz '2025-10-01' + n * interval '5 days' AS day) AS at;

CREATE TABLE public."Branch" (
    "id" TEXT NOT NULL, "churchId" TEXT NOT NULL, "name" TEXT NOT NULL, "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Branch_pkey" PRIMARY KEY ("id")
);
CREATE TABLE public."Member" (
    "id" TEXT NOT NULL, "churchId" TEXT NOT NULL, "firstName" TEXT NOT NULL, "phone" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Member_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Member_churchId_fkey" FOREIGN KEY ("churchId") REFERENCES public."Church" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE public."Group" (
    "id" TEXT NOT NULL, "churchId" TEXT NOT NULL, "name" TEXT NOT NULL, CONSTRAINT "Group_pkey" PRIMARY KEY ("id")
);
CREATE TABLE public."GroupMember" (
    "groupId" TEXT NOT NULL, "memberId" TEXT NOT NULL, CONSTRAINT "GroupMember_pkey" PRIMARY KEY ("groupId", "memberId")
);
INSERT INTO public."Branch" ("id", "churchId", "name") SELECT pg_temp.cuid('old branch', 0), "id", 'Main' FROM public."Church" LIMIT 1;
INSERT INTO public."Member" ("id", "churchId", "firstName", "phone")
SELECT pg_temp.cuid("id", n), "id", 'Old', 'encrypted ' || n FROM public."Church", pg_catalog.generate_series(0, 1) AS n;
INSERT INTO public."Group" ("id", "churchId", "name") SELECT pg_temp.cuid('old group', 0), "id", 'Choir' FROM public."Church" LIMIT 1;
