INSERT INTO "User" SELECT md5('user' || n)::uuid::text, 'person' || n || '@secret.example' FROM generate_series(1, 40) AS n;
INSERT INTO "Wallet" ("userId", balance, kind)
  SELECT md5('user' || CASE WHEN n <= 20 THEN 1 ELSE n END)::uuid::text, n * 1000.123456, 'HOT' FROM generate_series(1, 62) AS n;
INSERT INTO "Payment" ("walletId", "payerId", "sessionId", "approvedBy", amount, "paidAt")
  SELECT id, (SELECT min(id) FROM "User"), md5('elsewhere')::uuid::text, md5('user7')::uuid, 12.5, now() FROM "Wallet";
INSERT INTO "Event" SELECT n, '2024-02-01'::timestamp + n * interval '1 hour', 'x' FROM generate_series(1, 20) AS n;
