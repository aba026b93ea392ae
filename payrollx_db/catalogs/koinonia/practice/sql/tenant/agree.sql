-- What the registry has as well is the same here.
UPDATE public."Admin" SET
    "email" = pg_temp.admin_email(%(number)s, n),
    "emailHash" = pg_temp.hashed(pg_temp.admin_email(%(number)s, n)),
    "role" = CASE n WHEN 0 THEN 'PRIMARY' ELSE 'CO_ADMIN' END
FROM pg_catalog.generate_series(0, 1) AS n
WHERE "id" = pg_temp.cuid('tenant.admins', n)
