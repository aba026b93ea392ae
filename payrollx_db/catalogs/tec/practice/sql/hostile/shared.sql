--@ unconvertible transfers.amount
UPDATE public."transfers" SET "amount" = 'Infinity'
WHERE "id" = pg_temp.cuid('shared.transfers', 0);

--@ lossy payments.amount
UPDATE public."payments" SET "amount" = 3.0000000000000004e-5
WHERE "id" IN (SELECT pg_temp.cuid('shared.payments', n) FROM pg_catalog.generate_series(0, 1) AS n);
