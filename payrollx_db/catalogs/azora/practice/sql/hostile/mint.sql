--@ orphan Wallet.userId
INSERT INTO public."Wallet" ("id", "userId", "address", "updatedAt")
SELECT pg_temp.cuid('wallet: no user', n), pg_temp.cuid('user: gone', n), '0x' || n, timestamp '2025-01-11'
FROM pg_catalog.generate_series(0, 1) AS n;
