-- A unified database of the catalog bazaar (tests/support/foreign_catalogs.py) as payrollx-db left it before its state
-- had versions (commit 76ffee0): a copy that was killed while it copied shop."order lines". pg_dump --inserts of Postgres 15, without its comments.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA crm;
CREATE SCHEMA payrollx_meta;
CREATE SCHEMA shop;
CREATE TYPE shop.size AS ENUM (
    'small',
    'l''arge',
    'huge'
);
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE crm.customers (
    id bigint NOT NULL,
    name text NOT NULL
);
CREATE TABLE crm.visits (
    customer bigint NOT NULL,
    stars integer
);
CREATE TABLE payrollx_meta.attempts (
    run_id bigint NOT NULL,
    attempt integer NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    host text NOT NULL,
    process integer NOT NULL,
    account text DEFAULT SESSION_USER NOT NULL,
    tool_version text NOT NULL,
    python_version text NOT NULL,
    jobs integer NOT NULL,
    policies text[] NOT NULL,
    discards jsonb NOT NULL,
    waiting text[] NOT NULL,
    target_system text NOT NULL,
    target_dbname text NOT NULL,
    target_url text NOT NULL,
    target_version text NOT NULL
);
CREATE TABLE payrollx_meta.findings (
    run_id bigint NOT NULL,
    code text NOT NULL,
    severity text NOT NULL,
    place text NOT NULL,
    count bigint NOT NULL,
    message text NOT NULL,
    examples jsonb NOT NULL,
    action text DEFAULT 'fail'::text NOT NULL
);
CREATE TABLE payrollx_meta.objects (
    run_id bigint NOT NULL,
    table_name text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    detail jsonb NOT NULL,
    restored_at timestamp with time zone,
    CONSTRAINT objects_kind_check CHECK ((kind = ANY (ARRAY['index'::text, 'foreign key'::text])))
);
CREATE TABLE payrollx_meta.parts (
    run_id bigint NOT NULL,
    source text NOT NULL,
    target text NOT NULL,
    part integer NOT NULL,
    snapshot pg_snapshot NOT NULL,
    slices integer NOT NULL,
    finished_at timestamp with time zone
);
CREATE TABLE payrollx_meta.quarantine (
    run_id bigint NOT NULL,
    source text NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    action text NOT NULL,
    column_name text DEFAULT ''::text NOT NULL,
    cause text DEFAULT ''::text NOT NULL,
    "row" jsonb,
    restored_at timestamp with time zone,
    CONSTRAINT quarantine_kind_check CHECK ((kind = ANY (ARRAY['row'::text, 'value'::text, 'adopted'::text])))
);
CREATE TABLE payrollx_meta.runs (
    id bigint NOT NULL,
    catalog text NOT NULL,
    layout text NOT NULL,
    services text[] NOT NULL,
    status text NOT NULL,
    stage text DEFAULT 'copy'::text NOT NULL,
    message text,
    tool_version text NOT NULL,
    jobs integer NOT NULL,
    host text NOT NULL,
    process integer NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT runs_status_check CHECK ((status = ANY (ARRAY['running'::text, 'interrupted'::text, 'failed'::text, 'undone'::text, 'done'::text])))
);
ALTER TABLE payrollx_meta.runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME payrollx_meta.runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE payrollx_meta.slices (
    run_id bigint NOT NULL,
    source text NOT NULL,
    target text NOT NULL,
    part integer NOT NULL,
    slice integer NOT NULL,
    rows_read bigint NOT NULL,
    rows_written bigint NOT NULL,
    bytes bigint NOT NULL
);
CREATE TABLE payrollx_meta.sources (
    run_id bigint NOT NULL,
    database text NOT NULL,
    system text NOT NULL,
    dbname text NOT NULL,
    url text NOT NULL,
    server_version text NOT NULL,
    shape text NOT NULL
);
CREATE TABLE payrollx_meta.steps (
    run_id bigint NOT NULL,
    table_name text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL
);
CREATE TABLE payrollx_meta.tables (
    run_id bigint NOT NULL,
    source text NOT NULL,
    target text NOT NULL,
    kind text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    estimated_rows bigint NOT NULL,
    estimated_bytes bigint NOT NULL,
    rows_read bigint,
    rows_written bigint,
    rows_quarantined bigint,
    rows_merged bigint,
    bytes bigint,
    seconds double precision,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT tables_kind_check CHECK ((kind = ANY (ARRAY['copy'::text, 'merge'::text]))),
    CONSTRAINT tables_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'copied'::text, 'done'::text])))
);
CREATE TABLE payrollx_meta.verifications (
    id bigint NOT NULL,
    run_id bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    identical boolean NOT NULL,
    host text NOT NULL,
    account text DEFAULT SESSION_USER NOT NULL,
    tool_version text NOT NULL
);
ALTER TABLE payrollx_meta.verifications ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME payrollx_meta.verifications_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE payrollx_meta.verified_tables (
    verification_id bigint NOT NULL,
    source text NOT NULL,
    target text NOT NULL,
    identical boolean NOT NULL,
    source_rows bigint NOT NULL,
    target_rows bigint NOT NULL,
    quarantined bigint NOT NULL,
    missing bigint NOT NULL,
    extra bigint NOT NULL,
    changed bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    source_hash text NOT NULL,
    target_hash text NOT NULL,
    key_columns text[] NOT NULL,
    row_columns text[] NOT NULL,
    bucket_count integer NOT NULL,
    buckets jsonb NOT NULL
);
CREATE TABLE shop."order lines" (
    order_number bigint NOT NULL,
    line integer NOT NULL,
    what text NOT NULL,
    size shop.size,
    shouting text
);
CREATE TABLE shop.orders (
    number bigint NOT NULL,
    customer_id bigint NOT NULL,
    total numeric,
    placed timestamp with time zone
);
ALTER TABLE shop.orders ALTER COLUMN number ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME shop.orders_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
INSERT INTO crm.customers VALUES
	(1, 'customer 1'),
	(2, 'customer 2'),
	(3, 'customer 3'),
	(4, 'customer 4'),
	(5, 'customer 5'),
	(6, 'customer 6'),
	(7, 'customer 7'),
	(8, 'customer 8'),
	(9, 'customer 9'),
	(10, 'customer 10'),
	(11, 'customer 11'),
	(12, 'customer 12'),
	(13, 'customer 13'),
	(14, 'customer 14'),
	(15, 'customer 15'),
	(16, 'customer 16'),
	(17, 'customer 17'),
	(18, 'customer 18'),
	(19, 'customer 19'),
	(20, 'customer 20'),
	(21, 'customer 21'),
	(22, 'customer 22'),
	(23, 'customer 23'),
	(24, 'customer 24'),
	(25, 'customer 25'),
	(26, 'customer 26'),
	(27, 'customer 27'),
	(28, 'customer 28'),
	(29, 'customer 29'),
	(30, 'customer 30'),
	(31, 'customer 31'),
	(32, 'customer 32'),
	(33, 'customer 33'),
	(34, 'customer 34'),
	(35, 'customer 35'),
	(36, 'customer 36'),
	(37, 'customer 37'),
	(38, 'customer 38'),
	(39, 'customer 39'),
	(40, 'customer 40'),
	(41, 'customer 41'),
	(42, 'customer 42'),
	(43, 'customer 43'),
	(44, 'customer 44'),
	(45, 'customer 45'),
	(46, 'customer 46'),
	(47, 'customer 47'),
	(48, 'customer 48'),
	(49, 'customer 49'),
	(50, 'customer 50');
INSERT INTO crm.visits VALUES
	(2, 1),
	(3, 2),
	(4, 3),
	(5, NULL),
	(1, 1),
	(2, 2),
	(3, 3),
	(4, NULL);
INSERT INTO payrollx_meta.attempts VALUES
	(1, 1, '2026-11-26 23:51:28.00533+00', 'vm', 10108, 'postgres', '0.1.0', '3.11.7', 2, '{}', '[{"reason": "it is rebuilt at night", "source": "oldshop.cache"}, {"reason": "never used", "source": "oldshop.orders.spare"}]', '{}', '7712632035904112366', 'interrupted_bazaar', 'postgresql://postgres:***@127.0.0.1:55001/interrupted_bazaar', '15.20 (Debian 15.20-0+deb12u1)');
INSERT INTO payrollx_meta.findings VALUES
	(1, 'trigger', 'warn', 'interrupted_bazaar.shop.order lines', 1, 'triggers that fire for every row copied in: disable them, or expect what they do', '["door"]', 'fail');
INSERT INTO payrollx_meta.objects VALUES
	(1, 'shop.orders', 'orders_customer_id_fkey', 'foreign key', '{"name": "orders_customer_id_fkey", "table": "shop.orders", "target": "crm.customers", "columns": ["customer_id"], "validated": true, "definition": "FOREIGN KEY (customer_id) REFERENCES crm.customers(id)", "target_columns": ["id"]}', NULL),
	(1, 'shop.order lines', 'the key', 'index', '{"name": "the key", "plain": true, "valid": true, "marked": false, "unique": true, "columns": ["order_number", "line"], "primary": true, "constraint": "the key", "definition": "CREATE UNIQUE INDEX \"the key\" ON shop.\"order lines\" USING btree (order_number, line)", "constraint_type": "p", "constraint_definition": "PRIMARY KEY (order_number, line)"}', NULL),
	(1, 'shop.order lines', 'by shouting', 'index', '{"name": "by shouting", "plain": false, "valid": true, "marked": false, "unique": false, "columns": [], "primary": false, "constraint": null, "definition": "CREATE INDEX \"by shouting\" ON shop.\"order lines\" USING btree (lower(shouting)) WHERE (size IS NOT NULL)", "constraint_type": "", "constraint_definition": null}', NULL),
	(1, 'shop.order lines', 'late', 'index', '{"name": "late", "plain": true, "valid": true, "marked": false, "unique": true, "columns": ["line", "order_number"], "primary": false, "constraint": "late", "definition": "CREATE UNIQUE INDEX late ON shop.\"order lines\" USING btree (line, order_number)", "constraint_type": "u", "constraint_definition": "UNIQUE (line, order_number) DEFERRABLE INITIALLY DEFERRED"}', NULL),
	(1, 'shop.orders', 'orders_number_excl', 'index', '{"name": "orders_number_excl", "plain": true, "valid": true, "marked": false, "unique": false, "columns": ["number"], "primary": false, "constraint": "orders_number_excl", "definition": "CREATE INDEX orders_number_excl ON shop.orders USING btree (number)", "constraint_type": "x", "constraint_definition": "EXCLUDE USING btree (number WITH =) DEFERRABLE"}', '2026-11-26 23:51:28.168387+00'),
	(1, 'shop.orders', 'orders_pkey', 'index', '{"name": "orders_pkey", "plain": true, "valid": true, "marked": false, "unique": true, "columns": ["number"], "primary": true, "constraint": "orders_pkey", "definition": "CREATE UNIQUE INDEX orders_pkey ON shop.orders USING btree (number)", "constraint_type": "p", "constraint_definition": "PRIMARY KEY (number)"}', '2026-11-26 23:51:28.198506+00'),
	(1, 'crm.customers', 'customers_pkey', 'index', '{"name": "customers_pkey", "plain": true, "valid": true, "marked": false, "unique": true, "columns": ["id"], "primary": true, "constraint": "customers_pkey", "definition": "CREATE UNIQUE INDEX customers_pkey ON crm.customers USING btree (id)", "constraint_type": "p", "constraint_definition": "PRIMARY KEY (id)"}', '2026-11-26 23:51:28.212418+00');
INSERT INTO payrollx_meta.parts VALUES
	(1, 'oldshop.public.orders', 'shop.orders', 0, '786:786:', 1, '2026-11-26 23:51:28.138007+00'),
	(1, 'oldcrm.Sales Force.customers', 'crm.customers', 0, '786:789:786', 1, '2026-11-26 23:51:28.184663+00'),
	(1, 'oldcrm.Sales Force.visits', 'crm.visits', 0, '786:793:786', 1, '2026-11-26 23:51:28.214525+00');
INSERT INTO payrollx_meta.runs OVERRIDING SYSTEM VALUE VALUES
	(1, 'bazaar', 'bazaar', '{shop,crm}', 'running', 'copy', NULL, '0.1.0', 2, 'vm', 10108, '2026-11-26 23:51:27.994872+00', NULL);
INSERT INTO payrollx_meta.slices VALUES
	(1, 'oldshop.public.orders', 'shop.orders', 0, 0, 9, 9, 505),
	(1, 'oldcrm.Sales Force.customers', 'crm.customers', 0, 0, 50, 50, 1462),
	(1, 'oldcrm.Sales Force.visits', 'crm.visits', 0, 0, 8, 8, 189);
INSERT INTO payrollx_meta.sources VALUES
	(1, 'oldshop', '7712632035904112366', 'interrupted_oldshop', 'postgresql://postgres:***@127.0.0.1:55001/interrupted_oldshop', '15.20 (Debian 15.20-0+deb12u1)', 'e6a42036fb40c86e'),
	(1, 'oldcrm', '7712632035904112366', 'interrupted_oldcrm', 'postgresql://postgres:***@127.0.0.1:55001/interrupted_oldcrm', '15.20 (Debian 15.20-0+deb12u1)', '98253b7a142abf8f');
INSERT INTO payrollx_meta.steps VALUES
	(1, 'shop.orders', 'orders_number_excl', 'exclusion constraint', '2026-11-26 23:51:28.145939+00', '2026-11-26 23:51:28.163863+00'),
	(1, 'shop.orders', 'orders_pkey', 'index', '2026-11-26 23:51:28.169695+00', '2026-11-26 23:51:28.185424+00'),
	(1, 'shop.orders', 'orders_pkey', 'primary key', '2026-11-26 23:51:28.186927+00', '2026-11-26 23:51:28.197356+00'),
	(1, 'crm.customers', 'customers_pkey', 'index', '2026-11-26 23:51:28.195522+00', '2026-11-26 23:51:28.205703+00'),
	(1, 'crm.customers', 'customers_pkey', 'primary key', '2026-11-26 23:51:28.206759+00', '2026-11-26 23:51:28.211897+00');
INSERT INTO payrollx_meta.tables VALUES
	(1, 'oldshop.public.order"Lines', 'shop.order lines', 'copy', 'running', 0, 57344, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-26 23:51:28.076949+00', NULL),
	(1, 'oldshop.public.orders', 'shop.orders', 'copy', 'copied', 0, 49152, 9, 9, 0, NULL, 505, 0.06188030399971467, '2026-11-26 23:51:28.077695+00', '2026-11-26 23:51:28.138544+00'),
	(1, 'oldcrm.Sales Force.customers', 'crm.customers', 'copy', 'copied', 0, 16384, 50, 50, 0, NULL, 1462, 0.039966392000224005, '2026-11-26 23:51:28.14582+00', '2026-11-26 23:51:28.185565+00'),
	(1, 'oldcrm.Sales Force.visits', 'crm.visits', 'copy', 'copied', 0, 8192, 8, 8, 0, NULL, 189, 0.02046910699982618, '2026-11-26 23:51:28.194586+00', '2026-11-26 23:51:28.215192+00');
INSERT INTO shop.orders VALUES
	(1, 2, 0.14285714285714285714, NULL),
	(2, 3, 0.28571428571428571429, NULL),
	(4, 5, 0.57142857142857142857, NULL),
	(5, 6, 0.71428571428571428571, NULL),
	(7, 8, 1.00000000000000000000, NULL),
	(8, 9, 1.1428571428571429, NULL),
	(3, 4, 0.42857142857142857143, '2024-02-29 12:00:00+00'),
	(6, 7, 0.85714285714285714286, '2024-02-29 12:00:00+00'),
	(9, 10, 1.2857142857142857, '2024-02-29 12:00:00+00');
SELECT pg_catalog.setval('payrollx_meta.runs_id_seq', 1, true);
SELECT pg_catalog.setval('payrollx_meta.verifications_id_seq', 1, false);
SELECT pg_catalog.setval('shop.orders_number_seq', 1, false);
ALTER TABLE ONLY crm.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY payrollx_meta.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (run_id, attempt);
ALTER TABLE ONLY payrollx_meta.findings
    ADD CONSTRAINT findings_pkey PRIMARY KEY (run_id, code, place);
ALTER TABLE ONLY payrollx_meta.objects
    ADD CONSTRAINT objects_pkey PRIMARY KEY (run_id, table_name, name);
ALTER TABLE ONLY payrollx_meta.parts
    ADD CONSTRAINT parts_pkey PRIMARY KEY (run_id, source, target, part);
ALTER TABLE ONLY payrollx_meta.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (run_id, source, key, kind, column_name);
ALTER TABLE ONLY payrollx_meta.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY payrollx_meta.slices
    ADD CONSTRAINT slices_pkey PRIMARY KEY (run_id, source, target, part, slice);
ALTER TABLE ONLY payrollx_meta.sources
    ADD CONSTRAINT sources_pkey PRIMARY KEY (run_id, database);
ALTER TABLE ONLY payrollx_meta.steps
    ADD CONSTRAINT steps_pkey PRIMARY KEY (run_id, table_name, name, kind);
ALTER TABLE ONLY payrollx_meta.tables
    ADD CONSTRAINT tables_pkey PRIMARY KEY (run_id, source, target);
ALTER TABLE ONLY payrollx_meta.verifications
    ADD CONSTRAINT verifications_pkey PRIMARY KEY (id);
ALTER TABLE ONLY payrollx_meta.verified_tables
    ADD CONSTRAINT verified_tables_pkey PRIMARY KEY (verification_id, source, target);
ALTER TABLE ONLY shop.orders
    ADD CONSTRAINT orders_number_excl EXCLUDE USING btree (number WITH =) DEFERRABLE;
ALTER TABLE ONLY shop.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (number);
ALTER TABLE ONLY payrollx_meta.attempts
    ADD CONSTRAINT attempts_run_id_fkey FOREIGN KEY (run_id) REFERENCES payrollx_meta.runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY payrollx_meta.findings
    ADD CONSTRAINT findings_run_id_fkey FOREIGN KEY (run_id) REFERENCES payrollx_meta.runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY payrollx_meta.objects
    ADD CONSTRAINT objects_run_id_fkey FOREIGN KEY (run_id) REFERENCES payrollx_meta.runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY payrollx_meta.parts
    ADD CONSTRAINT parts_run_id_source_target_fkey FOREIGN KEY (run_id, source, target) REFERENCES payrollx_meta.tables(run_id, source, target) ON DELETE CASCADE;
ALTER TABLE ONLY payrollx_meta.quarantine
    ADD CONSTRAINT quarantine_run_id_fkey FOREIGN KEY (run_id) REFERENCES payrollx_meta.runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY payrollx_meta.slices
    ADD CONSTRAINT slices_run_id_source_target_part_fkey FOREIGN KEY (run_id, source, target, part) REFERENCES payrollx_meta.parts(run_id, source, target, part) ON DELETE CASCADE;
ALTER TABLE ONLY payrollx_meta.sources
    ADD CONSTRAINT sources_run_id_fkey FOREIGN KEY (run_id) REFERENCES payrollx_meta.runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY payrollx_meta.steps
    ADD CONSTRAINT steps_run_id_fkey FOREIGN KEY (run_id) REFERENCES payrollx_meta.runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY payrollx_meta.tables
    ADD CONSTRAINT tables_run_id_fkey FOREIGN KEY (run_id) REFERENCES payrollx_meta.runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY payrollx_meta.verifications
    ADD CONSTRAINT verifications_run_id_fkey FOREIGN KEY (run_id) REFERENCES payrollx_meta.runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY payrollx_meta.verified_tables
    ADD CONSTRAINT verified_tables_verification_id_fkey FOREIGN KEY (verification_id) REFERENCES payrollx_meta.verifications(id) ON DELETE CASCADE;
