INSERT INTO "User" (id, email, price)
  SELECT md5('user' || n)::uuid::text, 'person' || n || '@secret.example', n * 1.25 FROM generate_series(1, 60) AS n;
INSERT INTO "Session" ("ownerId", "expiresAt", "deviceId") SELECT id, '2030-01-01', 'no uuid' FROM "User";
INSERT INTO "Child" VALUES ('2024-01-01', 'a', 'b');
INSERT INTO "Quo""ted.%s" VALUES (1, 'x', 'y');
