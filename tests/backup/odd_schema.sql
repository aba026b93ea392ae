-- A service's schema that has grown odd things, none of which needs an extension. Run by a superuser.
SET ROLE payrollx_owner;
CREATE DOMAIN notification.brief AS text CHECK (length(VALUE) < 20);
CREATE TYPE notification.pair AS (a integer, b text);
CREATE TYPE notification.span AS RANGE (subtype = time);
CREATE FUNCTION notification.squeezed(text) RETURNS text LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog, pg_temp AS 'SELECT replace($1, '' '', '''')';
CREATE TABLE notification.odd (
    id bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT -7 MINVALUE -1000 MAXVALUE 1000) PRIMARY KEY,
    who notification.brief, pair notification.pair, during notification.span,
    n numeric, f float8, d date, t timestamptz, i interval, b bytea, j jsonb, a text[], bits bit varying(9),
    twice text GENERATED ALWAYS AS (notification.squeezed(lower(bits::text))) STORED, note text,
    EXCLUDE USING gist (during WITH &&) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX "by ""who"" % {x}" ON notification.odd (notification.squeezed(who)) WHERE n IS NOT NULL;
INSERT INTO notification.odd (who, pair, during, n, f, d, t, i, b, j, a, bits, note) VALUES
    ('first', '(1,"x,y")', '[10:00,11:00)', 'NaN', 'NaN', 'infinity', '-infinity', '1 mon -3 days 00:00:00.000001',
     '\x00ff', '{"k": "\u00e9"}', '{a,NULL,"b,c"}', '101', E'\\.'),
    ('second', NULL, '[12:00,13:00)', 'Infinity', '-0', '0044-03-15 BC', '0001-01-01 BC', '178000000 years',
     '', 'null', '{{1,2},{3,4}}', '', E'line\n\\.\nCOPY x FROM stdin;\nSELECT pg_catalog.setval(''x'', 1);\r\n\t\\N'),
    ('third', NULL, NULL, 1.10, 1e-300, NULL, NULL, NULL, NULL, '{"n": 1.10}', '[5:6]={p,q}', NULL, '');
CREATE TABLE notification."It's ""100 %"" {of} a table whose name is sixty-three bytes lo" (
    id serial PRIMARY KEY, "select" text DEFAULT 'x%s'
);
INSERT INTO notification."It's ""100 %"" {of} a table whose name is sixty-three bytes lo" SELECT FROM generate_series(1, 2);
CREATE TABLE notification.parts (id integer, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE notification.parts_1 PARTITION OF notification.parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE notification.parts_d PARTITION OF notification.parts DEFAULT PARTITION BY LIST (id);
CREATE TABLE notification.parts_d_d PARTITION OF notification.parts_d DEFAULT;
INSERT INTO notification.parts SELECT n, date '2024-12-01' + n FROM generate_series(1, 60) AS n;
CREATE MATERIALIZED VIEW notification.per_day AS SELECT day, count(*) FROM notification.parts GROUP BY day;
CREATE UNIQUE INDEX ON notification.per_day (day);
CREATE MATERIALIZED VIEW notification.unfilled AS SELECT 1 / 0 AS never WITH NO DATA;
CREATE VIEW notification.latest AS SELECT max(day) FROM notification.per_day;
CREATE UNLOGGED TABLE notification.scratch (a integer);
INSERT INTO notification.scratch VALUES (1);
CREATE TABLE notification.base (id integer PRIMARY KEY, CONSTRAINT small CHECK (id < 100) NOT VALID);
CREATE TABLE notification.child (extra integer) INHERITS (notification.base);
INSERT INTO notification.base VALUES (1);
INSERT INTO notification.child VALUES (2, 3);
CREATE TABLE notification.nothing ();
INSERT INTO notification.nothing DEFAULT VALUES;
ALTER TABLE notification.odd ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON notification.odd USING (who = 'first');
CREATE STATISTICS notification.together ON id, day FROM notification.parts;
COMMENT ON TABLE notification.odd IS E'it''s\n--\n-- Name: odd; a comment that looks like pg_dump''s\n--\n'
    '-- PostgreSQL database dump complete\n--\n';
CREATE SEQUENCE notification.alone INCREMENT -1 MAXVALUE -1 MINVALUE -9 CYCLE;
SELECT nextval('notification.alone'), nextval('notification.alone');
CREATE FUNCTION notification.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'no rows are welcome here'; END $$;
CREATE TRIGGER guard BEFORE INSERT ON notification.base FOR EACH ROW EXECUTE FUNCTION notification.refuse();
CREATE TRIGGER asleep BEFORE DELETE ON notification.base FOR EACH ROW EXECUTE FUNCTION notification.refuse();
ALTER TABLE notification.base DISABLE TRIGGER asleep;
CREATE OPERATOR notification.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = pg_catalog.int4eq);
CREATE TEXT SEARCH CONFIGURATION notification.words (COPY = pg_catalog.simple);
CREATE TEXT SEARCH DICTIONARY notification.plain (TEMPLATE = pg_catalog.simple);
CREATE COLLATION notification.bytes (LOCALE = 'C');
CREATE TABLE notification.named (
    what regclass, how regprocedure, who regrole, sort text COLLATE notification.bytes, back integer, dropped integer,
    PRIMARY KEY (sort) INCLUDE (back)
);
ALTER TABLE notification.named DROP dropped;
ALTER TABLE notification.named REPLICA IDENTITY FULL;
ALTER TABLE notification.named CLUSTER ON named_pkey;
INSERT INTO notification.named VALUES ('notification.odd', 'notification.squeezed(text)', 'payrollx_owner', 'a', 1);
RESET ROLE;
