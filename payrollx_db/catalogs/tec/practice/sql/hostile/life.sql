--@ unconvertible life_accounts.balance
UPDATE public."life_accounts" SET "balance" = 1e25
WHERE "id" IN (SELECT pg_temp.cuid('life.accounts', n) FROM pg_catalog.generate_series(0, 1) AS n);

--@ lossy life_investments.amount
UPDATE public."life_investments" SET "amount" = 1e-19
WHERE "id" = pg_temp.cuid('life.investments', 0);
