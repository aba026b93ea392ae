-- What rows are computed from: a table's unified name, a row's number and the seed. Every database computes the same
-- ids by itself.

CREATE FUNCTION pg_temp.seed() RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT pg_catalog.current_setting('payrollx_dev.seed')::bigint $$;

-- As long as a cuid, and of its letters: c and 24 others.
CREATE FUNCTION pg_temp.cuid(kind text, n bigint) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT 'c' || pg_catalog.substr(pg_catalog.md5(kind || ' ' || n || ' ' || pg_temp.seed()), 1, 24) $$;

-- A UUID of version 4, as text.
CREATE FUNCTION pg_temp.uuid(kind text, n bigint) RETURNS text LANGUAGE sql STABLE AS
$$
    SELECT overlay(overlay(
        pg_catalog.md5(kind || ' ' || n || ' ' || pg_temp.seed()) PLACING '4' FROM 13
    ) PLACING 'a' FROM 17)::uuid::text
$$;

-- A number from 0 to below - 1.
CREATE FUNCTION pg_temp.pick(n bigint, salt integer, below bigint) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT (pg_catalog.hashint8extended(n, pg_temp.seed() * 1000 + salt) & 9223372036854775807) % below $$;
