CREATE SCHEMA shop; CREATE SCHEMA crm; CREATE SCHEMA "Odd Schema";
COMMENT ON SCHEMA shop IS 'what is sold, and to whom';
ALTER DEFAULT PRIVILEGES IN SCHEMA crm GRANT SELECT ON TABLES TO pg_monitor;
CREATE TYPE shop.status AS ENUM ('new', 'in progress', 'done', '2nd', 'class', 'naïve', 'a''b"c', 'In Progress');
COMMENT ON TYPE shop.status IS 'How far an order "is" \ got';
CREATE TYPE shop.unused AS ENUM ('a', 'b');
CREATE TYPE shop.address AS (street text, zip varchar(10));
CREATE DOMAIN shop.email AS text CONSTRAINT email_has_at CHECK (VALUE ~ '^[^:@]+@[a-z:]+$');
CREATE DOMAIN shop.positive AS integer NOT NULL CHECK (VALUE > 0) CHECK (VALUE < 1000000);
CREATE DOMAIN shop.code AS varchar(12) DEFAULT 'x' NOT NULL;
CREATE SEQUENCE shop.free_numbers START 100 INCREMENT 5;
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
CREATE FUNCTION shop.slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT pg_catalog.lower(pg_catalog.replace($1, ' ', '-')) $$;
CREATE TABLE shop.customers (
    id serial PRIMARY KEY,
    email shop.email NOT NULL UNIQUE,
    code shop.code,
    uuid uuid NOT NULL DEFAULT gen_random_uuid(),
    metadata jsonb NOT NULL DEFAULT '{"a": 1}'::jsonb,
    registry json DEFAULT '{}'::json,
    class text, date date DEFAULT CURRENT_DATE, "Mapped" integer, str text, int integer, text text, datetime timestamp(3),
    "createdAt" timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamptz DEFAULT now(),
    customers text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    matrix integer[][],
    moods shop.status[] DEFAULT ARRAY['new'::shop.status],
    address shop.address,
    home point, path_ path,
    period tstzrange, days datemultirange,
    ip inet, net cidr, mac macaddr,
    bits bit(4), vbits bit varying(8),
    amount numeric(12,2) DEFAULT 0.00, rough real, double_ double precision DEFAULT 1.5, cash money,
    span interval, span2 interval day to second(3),
    t time(3), tz time with time zone,
    name_ name, tiny "char", fixed char(3) DEFAULT 'abc', unlimited varchar, small smallint DEFAULT 3,
    doc tsvector GENERATED ALWAYS AS (to_tsvector('english'::regconfig, coalesce(class, ''))) STORED,
    x xml, data bytea, flag boolean DEFAULT true NOT NULL,
    odd_default text DEFAULT 'it''s 100% :done \ "x"',
    "quo""te" text, "per%cent" text, "per(en)" text, "sp ace" text, "Ünï" text, "2fa" boolean, "__dunder" text, "_sa_x" text,
    "_" text, "-" text, "return" text, "colon:x" text,
    "userId" integer, user_id integer
);
COMMENT ON TABLE shop.customers IS 'Who buys: "the" customers';
COMMENT ON COLUMN shop.customers.ip IS 'it''s :where 100%';
CREATE INDEX customers_class_idx ON shop.customers (class);
CREATE INDEX customers_lower_idx ON shop.customers (lower(class));
CREATE INDEX customers_ops_idx ON shop.customers (lower(class) text_pattern_ops, str varchar_pattern_ops);
CREATE UNIQUE INDEX customers_partial ON shop.customers (user_id) WHERE flag AND class IS NOT NULL;
CREATE UNIQUE INDEX customers_mixed ON shop.customers (user_id, lower(str));
CREATE INDEX customers_desc ON shop.customers (updated_at DESC, "createdAt" NULLS FIRST, date DESC NULLS LAST);
CREATE INDEX customers_include ON shop.customers (date) INCLUDE (flag, "Mapped");
CREATE INDEX customers_gin ON shop.customers USING gin (metadata jsonb_path_ops);
CREATE INDEX customers_tags ON shop.customers USING gin (tags) WITH (fastupdate = off);
CREATE INDEX customers_brin ON shop.customers USING brin (updated_at) WITH (pages_per_range = 32);
CREATE INDEX customers_collate ON shop.customers (class COLLATE "C");
GRANT SELECT, INSERT ON shop.customers TO pg_monitor;
GRANT UPDATE (class) ON shop.customers TO pg_monitor;
CREATE INDEX customers_slug ON shop.customers (shop.slug(class));
CREATE INDEX customers_cast ON shop.customers (lower((unlimited)::text));
CREATE INDEX customers_json ON shop.customers ((metadata ->> 'a'::text));
CREATE INDEX customers_hash ON shop.customers USING hash (class);
CREATE INDEX "weird ""index"" name" ON shop.customers ("sp ace", "quo""te", "per%cent");
CREATE UNIQUE INDEX customers_uq_plain ON shop.customers (mac);
CREATE INDEX customers_two ON shop.customers (user_id, date);
CREATE INDEX customers_like ON shop.customers (class) WHERE class LIKE 'a%:b';
CREATE INDEX customers_case ON shop.customers ((CASE WHEN flag THEN class ELSE NULL END));
CREATE INDEX customers_gist ON shop.customers USING gist (period, home);
ALTER TABLE shop.customers ADD CONSTRAINT customers_check CHECK (class ~ '^[a-z]:x%' OR class IS NULL);
ALTER TABLE shop.customers ADD CONSTRAINT "cüst ""chk""" CHECK ("quo""te" <> ':p') NOT VALID;
ALTER TABLE shop.customers ALTER COLUMN class SET STORAGE EXTERNAL;
ALTER TABLE shop.customers ALTER COLUMN class SET STATISTICS 500;
CREATE STATISTICS shop.customer_stats ON class, str FROM shop.customers;
CREATE TRIGGER touch BEFORE UPDATE ON shop.customers FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE VIEW shop.active_customers AS SELECT id, email FROM shop.customers WHERE flag;
COMMENT ON VIEW shop.active_customers IS 'those';
CREATE MATERIALIZED VIEW shop.customer_count AS SELECT count(*) AS n FROM shop.customers;
CREATE TABLE shop.categories (
    id integer GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 2) PRIMARY KEY,
    parent_id integer REFERENCES shop.categories ON DELETE SET NULL,
    name varchar(80) COLLATE "C" NOT NULL,
    UNIQUE (name, parent_id)
);
CREATE TABLE shop.orders (
    id bigserial PRIMARY KEY,
    number integer NOT NULL DEFAULT nextval('shop.free_numbers'),
    counter serial,
    bigcounter bigserial,
    tinycounter smallserial,
    customer_id integer NOT NULL REFERENCES shop.customers ON DELETE CASCADE,
    billing_customer_id integer REFERENCES shop.customers (id) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
    status shop.status DEFAULT 'new' NOT NULL,
    second_status shop.status,
    quantity shop.positive,
    price numeric(10,2) NOT NULL CONSTRAINT price_positive CHECK (price > 0),
    total numeric GENERATED ALWAYS AS (price * 2) STORED,
    latest_item integer,
    range int4range NOT NULL DEFAULT int4range(1, 2),
    EXCLUDE USING gist (range WITH &&) WHERE (latest_item IS NOT NULL) DEFERRABLE,
    CONSTRAINT orders_uq UNIQUE (number) INCLUDE (price) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ON shop.orders (customer_id);
CREATE INDEX ON shop.orders (status);
CREATE INDEX ON shop.orders (price, number DESC);
CREATE INDEX ON shop.orders (number, price);
CREATE TABLE shop.order_items (
    order_id bigint NOT NULL REFERENCES shop.orders,
    line integer NOT NULL,
    category integer REFERENCES shop.categories,
    PRIMARY KEY (line, order_id)
);
ALTER TABLE shop.orders ADD CONSTRAINT latest FOREIGN KEY (latest_item, id) REFERENCES shop.order_items (line, order_id) MATCH SIMPLE NOT VALID;
CREATE TABLE shop.item_notes (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), order_id bigint, line integer, note text,
    CONSTRAINT item_fk FOREIGN KEY (line, order_id) REFERENCES shop.order_items MATCH FULL ON DELETE SET NULL (line)
);
CREATE TABLE shop.customer_categories (
    customer_id integer REFERENCES shop.customers ON DELETE CASCADE,
    category_id integer REFERENCES shop.categories ON DELETE CASCADE,
    PRIMARY KEY (customer_id, category_id)
);
CREATE TABLE shop.logs (at timestamptz, line text, "odd name" text);
CREATE INDEX ON shop.logs (at);
CREATE TABLE shop."_AToB" ("A" integer NOT NULL REFERENCES shop.customers, "B" bigint NOT NULL REFERENCES shop.orders);
CREATE UNIQUE INDEX "_AToB_AB_unique" ON shop."_AToB" ("A", "B");
CREATE INDEX "_AToB_B_index" ON shop."_AToB" ("B");
CREATE TABLE shop.events (id bigint GENERATED BY DEFAULT AS IDENTITY, at timestamptz NOT NULL, kind text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE shop.events_2024 PARTITION OF shop.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.events_rest PARTITION OF shop.events DEFAULT;
CREATE INDEX events_kind ON shop.events (kind);
CREATE TABLE shop.parent (id integer PRIMARY KEY, name text NOT NULL CHECK (name <> '') NO INHERIT);
CREATE TABLE shop.child (extra integer) INHERITS (shop.parent);
CREATE UNLOGGED TABLE shop.cache (key text PRIMARY KEY, value jsonb) WITH (fillfactor = 70);
CREATE TABLE shop."index" (id integer PRIMARY KEY, "table" text);
CREATE TABLE shop."Order" ("Id" integer PRIMARY KEY, "order" integer REFERENCES shop."Order");
CREATE TABLE shop."dotted.table" (id integer PRIMARY KEY, "a.b" text);
CREATE TABLE shop."class" (id integer PRIMARY KEY);
CREATE TABLE shop.one_to_one (customer_id integer PRIMARY KEY REFERENCES shop.customers, note text);
CREATE TABLE shop.empty ();
CREATE TABLE shop."Grüße 1:2" (id integer PRIMARY KEY);
CREATE TABLE shop.accounts (id integer PRIMARY KEY, owner text);
ALTER TABLE shop.accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.accounts USING (owner = CURRENT_USER);
CREATE RULE no_delete AS ON DELETE TO shop.accounts DO INSTEAD NOTHING;
ALTER TABLE shop.accounts REPLICA IDENTITY FULL;
CREATE TABLE crm.customers (
    id integer PRIMARY KEY, shop_customer_id integer REFERENCES shop.customers ON DELETE RESTRICT, status text,
    line integer, order_id bigint,
    CONSTRAINT crm_items FOREIGN KEY (line, order_id) REFERENCES shop.order_items (line, order_id),
    mood shop.status
);
CREATE VIEW crm.shoppers AS SELECT c.id FROM crm.customers c JOIN shop.customers s ON s.id = c.shop_customer_id;
CREATE TYPE shop.contact AS ENUM ('mail', 'call');
CREATE TYPE crm.status AS ENUM ('on', 'off');
CREATE TABLE crm.contacts (id integer PRIMARY KEY, customer_id integer REFERENCES crm.customers, status crm.status DEFAULT 'on', way shop.contact, l text);
CREATE TABLE "Odd Schema"."Odd ""Table""" ("the id" uuid PRIMARY KEY, "see also" uuid REFERENCES "Odd Schema"."Odd ""Table""");
CREATE TABLE shop.wider (id integer PRIMARY KEY, order_id integer REFERENCES shop.orders, small smallint REFERENCES shop.categories);
