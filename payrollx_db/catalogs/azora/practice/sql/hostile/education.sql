--@ orphan students.userId
INSERT INTO public."students" ("id", "userId", "firstName", "lastName", "email", "updatedAt")
SELECT pg_temp.cuid('student: no user', n), pg_temp.cuid('user: gone', n), 'Gone', 'User', 'gone' || n || '@example.org',
    timestamp '2025-01-11'
FROM pg_catalog.generate_series(0, 1) AS n;

--@ lossy courses.price
UPDATE public."courses" SET "price" = 0.1::double precision + 0.2::double precision
WHERE "id" = pg_temp.cuid('education.courses', 0);

--@ unconvertible transactions.amount
UPDATE public."transactions" SET "amount" = 'Infinity'
WHERE "id" IN (SELECT pg_temp.cuid('education.transactions', n) FROM pg_catalog.generate_series(0, 2) AS n);
