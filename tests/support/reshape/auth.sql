CREATE TYPE "UserRole" AS ENUM ('ADMIN', 'USER');
CREATE TABLE "_prisma_migrations" (
  id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
  logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
);
CREATE TABLE "User" (
  id text PRIMARY KEY,
  email text NOT NULL,
  role "UserRole" NOT NULL DEFAULT 'USER',
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL DEFAULT timezone('utc', now()),
  "order" integer,
  price double precision
);
CREATE UNIQUE INDEX "User_email_key" ON "User" (email);
CREATE INDEX "User_email_idx" ON "User" (email);
CREATE INDEX "User_role_idx" ON "User" (role);
CREATE INDEX "User_role_createdAt_idx" ON "User" (role, "createdAt");
CREATE INDEX "User_role_partial_idx" ON "User" (role) WHERE price > 0;
CREATE TABLE "Session" (
  id text PRIMARY KEY DEFAULT (gen_random_uuid())::text,
  "ownerId" text NOT NULL REFERENCES "User" (id) ON UPDATE CASCADE ON DELETE CASCADE,
  "expiresAt" timestamp(3) NOT NULL,
  "deviceId" text,
  "DeviceID" text,
  device_id text,
  no integer GENERATED ALWAYS AS IDENTITY
);
COMMENT ON CONSTRAINT "Session_ownerId_fkey" ON "Session" IS 'whose it is';
CREATE VIEW "ActiveSessions" WITH (security_barrier = true) AS
  SELECT s.id, s."ownerId", u.email FROM "Session" AS s JOIN "User" AS u ON u.id = s."ownerId"
  WHERE s."expiresAt" > '2020-01-01';
CREATE VIEW "ActiveUsers" AS SELECT DISTINCT "ownerId" FROM "ActiveSessions";
COMMENT ON VIEW "ActiveUsers" IS 'who is there';
GRANT SELECT ON "ActiveUsers" TO PUBLIC;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW."updatedAt" = now(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE OF email ON "User" FOR EACH ROW WHEN (NEW.id IS NOT NULL) EXECUTE FUNCTION touch();
ALTER TABLE "User" ENABLE ROW LEVEL SECURITY;
CREATE POLICY living ON "User" USING (id IS NOT NULL);
CREATE TABLE "Base" ("seenAt" timestamp, "someNote" text);
CREATE TABLE "Child" ("ownNote" text) INHERITS ("Base");
CREATE TABLE "Quo""ted.%s" (id integer PRIMARY KEY, "per%cent" text, "with""quote" text);
CREATE TABLE "aVeryLongNameOfATableThatIsAsLongAsPostgresLetsItBeInAllCaseNow" (id integer PRIMARY KEY);
CREATE TABLE "Indexed" (
  id integer PRIMARY KEY, code text NOT NULL UNIQUE, a text, b text, c text,
  CONSTRAINT "Indexed_code_twice" UNIQUE (code), CONSTRAINT "Indexed_a_b_key" UNIQUE (a, b)
);
CREATE INDEX "Indexed_a_C_idx" ON "Indexed" (a COLLATE "C");
CREATE INDEX "Indexed_a_pattern_idx" ON "Indexed" (a text_pattern_ops);
CREATE INDEX "Indexed_a_desc_idx" ON "Indexed" (a DESC);
CREATE INDEX "Indexed_a_c_idx" ON "Indexed" (a) INCLUDE (c);
CREATE INDEX "Indexed_lower_idx" ON "Indexed" (lower(a));
CREATE INDEX "Indexed_hash_idx" ON "Indexed" USING hash (a);
CREATE UNIQUE INDEX "Indexed_code_identity" ON "Indexed" (code);
ALTER TABLE "Indexed" REPLICA IDENTITY USING INDEX "Indexed_code_identity";
CREATE INDEX "Indexed_a_idx" ON "Indexed" (a);
