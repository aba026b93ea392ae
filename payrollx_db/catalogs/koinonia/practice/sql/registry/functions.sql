-- What the registry and a tenant's database both compute, from the church's number.

CREATE FUNCTION pg_temp.church(n bigint) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT pg_catalog.left(pg_temp.cuid('registry.churches', n), 24) $$;

CREATE FUNCTION pg_temp.admin_email(church bigint, n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT 'admin' || n || '@church' || church || '.example.org' $$;

CREATE FUNCTION pg_temp.hashed(email text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(email, 'UTF8')), 'hex') $$;

-- Every fifth has no number.
CREATE FUNCTION pg_temp.phone_number(church bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN church % 5 <> 4 THEN '+1202' || pg_catalog.lpad((5550000 + church)::text, 7, '0') END $$;
