-- What the rows are computed from: an entity's number, a salt and the seed. Every database computes
-- the same ids and the same rows by itself, so eight databases fit together without reading each other.
--
-- Plain SQL functions of one expression: the planner puts their bodies in place of the calls.

CREATE FUNCTION pg_temp.seed() RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT current_setting('payrollx_dev.seed')::bigint $$;

CREATE FUNCTION pg_temp.employees() RETURNS integer LANGUAGE sql STABLE AS
$$ SELECT current_setting('payrollx_dev.employees')::integer $$;

-- The number of organizations with employees; some more have signed up and stayed empty.
CREATE FUNCTION pg_temp.organizations() RETURNS integer LANGUAGE sql STABLE AS
$$ SELECT greatest(1, (pg_temp.employees() + 49) / 50) $$;

CREATE FUNCTION pg_temp.all_organizations() RETURNS integer LANGUAGE sql STABLE AS
$$ SELECT pg_temp.organizations() + greatest(1, pg_temp.organizations() / 25) $$;

-- Users 1 to employees() are the employees'; those after them administer organizations.
CREATE FUNCTION pg_temp.administrators() RETURNS integer LANGUAGE sql STABLE AS
$$ SELECT greatest(12, pg_temp.employees() / 20) $$;

CREATE FUNCTION pg_temp.users() RETURNS integer LANGUAGE sql STABLE AS
$$ SELECT pg_temp.employees() + pg_temp.administrators() $$;

CREATE FUNCTION pg_temp.administrator(organization integer) RETURNS integer LANGUAGE sql STABLE AS
$$ SELECT pg_temp.employees() + 1 + organization % pg_temp.administrators() $$;

-- A UUID of version 4, as text.
CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS text LANGUAGE sql STABLE AS
$$
    SELECT overlay(overlay(
        md5(kind || ' ' || n || ' ' || current_setting('payrollx_dev.seed')) PLACING '4' FROM 13
    ) PLACING 'a' FROM 17)::uuid::text
$$;

-- A number from 0 to below - 1.
CREATE FUNCTION pg_temp.pick(n bigint, salt integer, below bigint) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT (hashint8extended(n, pg_temp.seed() * 1000 + salt) & 9223372036854775807) % below $$;

-- A moment in the first so many days since the beginning.
CREATE FUNCTION pg_temp.moment(n bigint, salt integer, days integer) RETURNS timestamp LANGUAGE sql STABLE AS
$$ SELECT timestamp '2023-02-01' + pg_temp.pick(n, salt, days * 86400000::bigint) * interval '1 millisecond' $$;

-- Looks like base58: a public key has 43 such characters, a signature 86.
CREATE FUNCTION pg_temp.public_key(kind text, n bigint) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT translate(encode(sha256(convert_to(pg_temp.id(kind, n), 'UTF8')), 'base64'), E'+/0OIl=\n', 'abcdef') $$;

CREATE FUNCTION pg_temp.signature(kind text, n bigint) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT translate(encode(sha512(convert_to(pg_temp.id(kind, n), 'UTF8')), 'base64'), E'+/0OIl=\n', 'abcdef') $$;

CREATE FUNCTION pg_temp.first_name(n bigint) RETURNS text LANGUAGE sql STABLE AS
$$
    SELECT (ARRAY[
        'Amara', 'Björn', 'Chloé', 'Dmitri', 'Esperança', 'Farid', 'Grace', 'Hiroshi', 'İpek', 'Jürgen', 'Kwame',
        'Łucja', 'Mei', 'Núria', 'Oluwaseun', 'Priya', 'Quentin', 'Rosa', 'Søren', 'Thị Hương', 'Uchenna', 'Violeta',
        'Wanjiru', 'Ximena', 'Yusuf', 'Zoë', '美咲', 'Анна', 'Ελένη', 'عمر'
    ])[1 + pg_temp.pick(n, 1, 30)::integer]
$$;

CREATE FUNCTION pg_temp.last_name(n bigint) RETURNS text LANGUAGE sql STABLE AS
$$
    SELECT (ARRAY[
        'Adeyemi', 'Bergström', 'Chen', 'D''Souza', 'Eriksen', 'Fernández', 'García-López', 'Haddad', 'Ito', 'Jansen',
        'Kowalczyk', 'Lindqvist', 'Müller', 'Nguyễn', 'O''Connor', 'Papadopoulos', 'Quispe', 'Rossi', 'Şahin', 'Tanaka',
        'Umarov', 'van der Berg', 'Wójcik', 'Xu', 'Yılmaz', 'Zulu', '佐藤', 'Иванова'
    ])[1 + pg_temp.pick(n, 2, 28)::integer]
$$;

CREATE FUNCTION pg_temp.email(n bigint) RETURNS text LANGUAGE sql STABLE AS
$$
    SELECT (ARRAY['amara', 'b.lind', 'chen.m', 'dmitri', 'esperanca', 'farid', 'grace.o', 'h.ito'])
        [1 + pg_temp.pick(n, 3, 8)::integer] || '.' || n || '@' ||
        (ARRAY['example.com', 'mail.example.org', 'payroll.example.net'])[1 + pg_temp.pick(n, 4, 3)::integer]
$$;

CREATE FUNCTION pg_temp.ip_address(n bigint) RETURNS text LANGUAGE sql STABLE AS
$$
    SELECT CASE WHEN n % 5 = 0 THEN '2001:db8:' || to_hex(pg_temp.pick(n, 5, 65536)) || '::' || to_hex(n % 65536)
        ELSE '198.51.' || pg_temp.pick(n, 5, 256) || '.' || n % 256 END
$$;

CREATE FUNCTION pg_temp.user_agent(n bigint) RETURNS text LANGUAGE sql STABLE AS
$$
    SELECT (ARRAY[
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36',
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605',
        'Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0',
        'PayrollX-Mobile/3.2.1 (iOS 17.4.1; iPhone15,2)', 'axios/1.6.8', ''
    ])[1 + pg_temp.pick(n, 6, 6)::integer]
$$;

-- A few organizations are large, most are small.
CREATE FUNCTION pg_temp.organization_of(employee bigint) RETURNS integer LANGUAGE sql STABLE AS
$$
    SELECT 1 + floor(
        pg_temp.organizations() * power(pg_temp.pick(employee, 7, 1000000) / 1000000.0::float8, 1.6)
    )::integer
$$;

-- A month's pay, in SOL: mostly to the lamport (9 digits), some to the 18th digit.
CREATE FUNCTION pg_temp.pay(n bigint) RETURNS numeric LANGUAGE sql STABLE AS
$$
    SELECT 8 + pg_temp.pick(n, 8, 90) + pg_temp.pick(n, 9, 1000000000) * 0.000000001
        + CASE WHEN n % 7 = 3 THEN pg_temp.pick(n, 10, 1000000000) * 0.000000000000000001 ELSE 0 END
$$;

-- The first of the twelve months in which an employee is paid; the latest hires haven't been yet.
CREATE FUNCTION pg_temp.first_month(employee bigint) RETURNS integer LANGUAGE sql STABLE AS
$$
    SELECT CASE WHEN employee % 200 = 100 THEN 13
        WHEN employee % 9 = 4 THEN 1 + pg_temp.pick(employee, 11, 12)::integer ELSE 1 END
$$;

CREATE FUNCTION pg_temp.has_wallet(employee bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT employee % 10 <> 0 $$;

-- Runs are numbered organization by organization, month by month.
CREATE FUNCTION pg_temp.run(organization integer, month integer) RETURNS integer LANGUAGE sql IMMUTABLE AS
$$ SELECT (organization - 1) * 12 + month $$;

CREATE FUNCTION pg_temp.month_end(month integer) RETURNS timestamp LANGUAGE sql IMMUTABLE AS
$$ SELECT timestamp '2024-02-01' + month * interval '1 month' - interval '6 hours' $$;

CREATE FUNCTION pg_temp.run_status(run integer) RETURNS text LANGUAGE sql STABLE AS
$$
    SELECT CASE WHEN (run - 1) % 12 < 10 THEN CASE WHEN pg_temp.pick(run, 12, 40) = 0 THEN 'FAILED' ELSE 'COMPLETED' END
        WHEN (run - 1) % 12 = 10 THEN 'PROCESSING'
        WHEN run / 12 % 2 = 0 THEN 'DRAFT' ELSE 'PENDING' END
$$;

-- A copy of a table lacks what nothing in its own database points at: the latest hires (who have no
-- wallet and no pay yet) and some empty organizations. Harmless: the owner has them.
CREATE FUNCTION pg_temp.is_copy() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT current_setting('payrollx_dev.copy')::boolean $$;
