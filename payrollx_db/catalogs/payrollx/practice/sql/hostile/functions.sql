-- How often each trouble is planted, as a multiple: once in small sets, more in large ones.
CREATE FUNCTION pg_temp.times(count integer) RETURNS integer LANGUAGE sql STABLE AS
$$ SELECT count * greatest(1, pg_temp.employees() / 1000) $$;

-- An id as no UUID library makes it.
CREATE FUNCTION pg_temp.no_uuid(kind text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT kind || '-' || lpad(n::text, 6, '0') $$;
