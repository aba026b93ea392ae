-- A small brewery whose schema has something of every kind that a dump of one schema can hold. Run with search_path on
-- the schema that it is to lie in; nothing here names that schema, except one routine that does so on purpose.

CREATE TYPE mood AS ENUM ('sour', 'it''s "fine"', 'größe', '50%');
CREATE DOMAIN litres AS numeric(10, 3) DEFAULT 0 CONSTRAINT "litres ≥ 0" CHECK (VALUE >= 0);
COMMENT ON DOMAIN litres IS 'volume; what''s in the "tank"';
COMMENT ON CONSTRAINT "litres ≥ 0" ON DOMAIN litres IS 'no negative beer';
CREATE TYPE recipe_step AS (minute integer, note text, amount litres);
COMMENT ON COLUMN recipe_step.minute IS 'after the boil';
CREATE COLLATION german_phone (LC_COLLATE = 'C', LC_CTYPE = 'POSIX');
CREATE COLLATION bytewise FROM "C";

CREATE FUNCTION temperature_gap(a numeric, b numeric) RETURNS double precision LANGUAGE sql IMMUTABLE
    RETURN (a - b)::double precision;
CREATE TYPE temperatures AS RANGE (subtype = numeric, subtype_diff = temperature_gap);
CREATE TYPE "Odd.Range" AS RANGE (subtype = integer);

CREATE SEQUENCE tickets AS smallint START 7 INCREMENT -3 MINVALUE -100 MAXVALUE 7 CACHE 5 CYCLE;
COMMENT ON SEQUENCE tickets IS 'owned by nobody';
CREATE UNLOGGED SEQUENCE scratch_numbers;

CREATE TABLE brewer (
    id integer GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 10) PRIMARY KEY,
    "Full Name" text COLLATE german_phone NOT NULL,
    "per cent %" numeric(5, 2) CHECK ("per cent %" BETWEEN 0 AND 100),
    ticket smallint DEFAULT nextval('tickets'),
    feels mood DEFAULT 'it''s "fine"',
    feelings mood[],
    steps recipe_step[],
    holds litres,
    bio text,
    initials text GENERATED ALWAYS AS (upper("left"("Full Name", 2))) STORED,
    born date,
    UNIQUE (ticket) DEFERRABLE INITIALLY DEFERRED
);
ALTER TABLE brewer ALTER COLUMN bio SET STORAGE EXTERNAL;
ALTER TABLE brewer ALTER COLUMN bio SET STATISTICS 512;
ALTER TABLE brewer ALTER COLUMN born SET (n_distinct = -0.5);
ALTER TABLE brewer SET (fillfactor = 70, autovacuum_enabled = false);
ALTER TABLE brewer DROP COLUMN born;
COMMENT ON TABLE brewer IS E'first line\nsecond -- Name: x; Type: TABLE; $$ ; /* \\restrict';
COMMENT ON COLUMN brewer."Full Name" IS 'as on the passport';

CREATE TABLE "Bottle.Label" (
    "ID" bigserial PRIMARY KEY,
    brewer_id integer CONSTRAINT "brewer is known" REFERENCES brewer ON DELETE CASCADE ON UPDATE SET NULL,
    "text""quoted" varchar(40) COLLATE bytewise,
    "a_column_whose_name_is_sixty-three_bytes_long_so_that_it_is_ful" text,
    spans temperatures,
    spans_many temperatures_multirange,
    odd "Odd.Range",
    tags tsvector,
    CONSTRAINT no_overlap EXCLUDE USING gist (spans WITH &&)
);
COMMENT ON CONSTRAINT "brewer is known" ON "Bottle.Label" IS 'a key';
COMMENT ON CONSTRAINT no_overlap ON "Bottle.Label" IS 'ranges never overlap';
ALTER SEQUENCE "Bottle.Label_ID_seq" INCREMENT 2 CACHE 3;
CREATE INDEX label_lower ON "Bottle.Label" (lower("text""quoted") text_pattern_ops DESC NULLS LAST) INCLUDE ("ID")
    WITH (fillfactor = 60) WHERE brewer_id IS NOT NULL;
CREATE UNIQUE INDEX label_key ON "Bottle.Label" ("ID", brewer_id);
ALTER TABLE "Bottle.Label" ALTER COLUMN brewer_id SET NOT NULL;
ALTER TABLE "Bottle.Label" REPLICA IDENTITY USING INDEX label_key;
ALTER TABLE "Bottle.Label" CLUSTER ON label_key;
ALTER INDEX label_lower ALTER COLUMN 1 SET STATISTICS 33;
COMMENT ON INDEX label_lower IS 'finds them';
ALTER TABLE "Bottle.Label" ADD CONSTRAINT long_enough CHECK (length("text""quoted") > 2) NOT VALID;
ALTER TABLE "Bottle.Label" ADD CONSTRAINT late_key FOREIGN KEY (brewer_id) REFERENCES brewer (id) NOT VALID;
CREATE STATISTICS label_facts (dependencies, mcv) ON brewer_id, "ID" FROM "Bottle.Label";
ALTER STATISTICS label_facts SET STATISTICS 50;
COMMENT ON STATISTICS label_facts IS 'they go together';

CREATE TABLE pair (a integer, b "char", c timestamptz, PRIMARY KEY (a, b));
ALTER TABLE pair REPLICA IDENTITY FULL;
CREATE TABLE pair_use (
    a integer, b "char", CONSTRAINT "both" FOREIGN KEY (a, b) REFERENCES pair MATCH FULL DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE no_columns ();
CREATE UNLOGGED TABLE scratch (x xml, j jsonb, h integer[][]);

CREATE TABLE reading (at timestamptz NOT NULL, tank integer NOT NULL, celsius numeric, PRIMARY KEY (at, tank))
    PARTITION BY RANGE (at);
CREATE TABLE reading_2024 PARTITION OF reading FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00')
    PARTITION BY HASH (tank);
CREATE TABLE reading_2024_0 PARTITION OF reading_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE reading_2024_1 PARTITION OF reading_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE reading_rest PARTITION OF reading DEFAULT;
CREATE INDEX reading_by_tank ON reading (tank, celsius DESC);
CREATE TABLE parent_beer (id integer, name text, CHECK (id > 0));
CREATE TABLE child_beer (alcohol numeric) INHERITS (parent_beer);
CREATE TABLE typed OF recipe_step (minute WITH OPTIONS PRIMARY KEY);

CREATE VIEW names AS SELECT id, "Full Name" AS name FROM brewer WHERE feels <> 'sour' WITH LOCAL CHECK OPTION;
CREATE VIEW barred WITH (security_barrier) AS SELECT n.name, l."ID" FROM names AS n JOIN "Bottle.Label" AS l ON true;
CREATE MATERIALIZED VIEW counted AS SELECT brewer_id, count(*) AS labels FROM "Bottle.Label" GROUP BY 1;
CREATE UNIQUE INDEX counted_key ON counted (brewer_id);
COMMENT ON MATERIALIZED VIEW counted IS 'refreshed at night';
CREATE RECURSIVE VIEW numbers (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 5;
ALTER VIEW names ALTER COLUMN name SET DEFAULT 'nobody';
CREATE RULE quiet AS ON DELETE TO pair DO INSTEAD NOTHING;

CREATE FUNCTION total(which integer) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT count(*) FROM "Bottle.Label" WHERE brewer_id = which; -- names a table without a schema
$$;
CREATE FUNCTION total(which text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER PARALLEL SAFE COST 7 AS $body$
BEGIN
    RETURN (SELECT count(*) FROM brewer WHERE "Full Name" = which AND '$$;' <> which);
END
$body$;
CREATE FUNCTION atomic_total() RETURNS bigint LANGUAGE sql BEGIN ATOMIC
    SELECT CASE WHEN count(*) > 0 THEN count(*) ELSE 0 END FROM brewer;
    SELECT count(*) FROM pair;
END;
CREATE FUNCTION own_path() RETURNS integer LANGUAGE sql SET search_path = pg_catalog SET work_mem = '7MB' AS 'SELECT 1';
CREATE PROCEDURE tidy(INOUT n integer, VARIADIC more text[] DEFAULT '{}') LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM scratch;
    n := cardinality(more);
END
$$;
CREATE PROCEDURE in_batches() LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM scratch;
    COMMIT;
END
$$;
COMMENT ON FUNCTION total(integer) IS 'counts; doesn''t drink';
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.bio := NEW.bio || total(NEW.id); RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE OF bio ON brewer FOR EACH ROW WHEN (OLD.bio IS DISTINCT FROM NEW.bio)
    EXECUTE FUNCTION touched('a', 'b''c');
CREATE TRIGGER "Never Fires" AFTER INSERT ON brewer FOR EACH STATEMENT EXECUTE FUNCTION touched();
ALTER TABLE brewer DISABLE TRIGGER "Never Fires";
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON pair DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION touched();
ALTER TABLE pair ENABLE ALWAYS TRIGGER checked;
COMMENT ON TRIGGER touch ON brewer IS 'touches';

CREATE AGGREGATE joined(text) (SFUNC = textcat, STYPE = text, INITCOND = '');
CREATE FUNCTION close_to(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT lower($1) = lower($2)';
CREATE OPERATOR =~= (FUNCTION = close_to, LEFTARG = text, RIGHTARG = text, COMMUTATOR = =~=);
CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE OPERATOR !!! (FUNCTION = shout, RIGHTARG = text);
COMMENT ON OPERATOR =~= (text, text) IS 'nearly';
CREATE OPERATOR FAMILY loose_order USING btree;
CREATE FUNCTION compare_loosely(text, text) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT bttextcmp($1, $2)';
CREATE OPERATOR CLASS loose_ops FOR TYPE text USING btree FAMILY loose_order AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 compare_loosely(text, text);
CREATE INDEX loosely ON "Bottle.Label" ("text""quoted" loose_ops);
CREATE FUNCTION step_text(recipe_step) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).note';
CREATE CAST (recipe_step AS text) WITH FUNCTION step_text(recipe_step) AS ASSIGNMENT;
COMMENT ON CAST (recipe_step AS text) IS 'its note';
CREATE CAST (mood AS integer) WITH INOUT;
CREATE CONVERSION latin_to_us FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE TEXT SEARCH DICTIONARY plain_words (TEMPLATE = pg_catalog.simple, STOPWORDS = 'english');
CREATE TEXT SEARCH CONFIGURATION beer_words (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION beer_words ALTER MAPPING FOR asciiword, word WITH plain_words;
CREATE TEXT SEARCH TEMPLATE own_template (LEXIZE = dsimple_lexize, INIT = dsimple_init);
CREATE TEXT SEARCH PARSER own_parser
    (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE INDEX tagged ON "Bottle.Label" USING gin (to_tsvector('beer_words', "text""quoted"));

ALTER TABLE brewer ENABLE ROW LEVEL SECURITY;
ALTER TABLE pair FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON brewer AS RESTRICTIVE FOR UPDATE USING (ticket > 0) WITH CHECK (total(id) < 5);
CREATE POLICY "all of them" ON brewer FOR SELECT TO PUBLIC USING (EXISTS (SELECT FROM pair WHERE a = brewer.id));
COMMENT ON POLICY own_rows ON brewer IS 'one''s own';

CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, started_at timestamptz NOT NULL DEFAULT now());
