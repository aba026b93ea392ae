"""One source and one target with tables of every shape that a copy could damage, and what is to be as before."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from conftest import TestServer, unique
from worlds import World, query

from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap

COLUMNS: dict[str, dict[str, str]] = {
    "customers": {"id": "integer", "name": "text", "code": "text?", "score": "integer?"},
    "orders": {"id": "integer", "placed": "date", "customer": "integer?", "of": "integer?", "of_placed": "date?"},
    "notes": {"id": "integer", "order_id": "integer?", "placed": "date?"},
    "grouped": {"id": "integer", "title": "text?"},
    "replicated": {"id": "integer", "code": "text"},
    "clustered": {"id": "integer", "code": "text?"},
    "measured": {"id": "integer", "name": "text?", "size": "integer?"},
    "booked": {"id": "integer", "room": "int4range?", "during": "int4range?"},
    "orphans": {"id": "integer", "customer": "integer?"},
    "unchecked": {"id": "integer", "customer": "integer?"},
    "hens": {"id": "integer", "egg": "integer?"},
    "eggs": {"id": "integer", "hen": "integer?"},
    "tree": {"id": "integer", "above": "integer?"},
    "people": {"id": "integer", "name": "text?"},
    "staff": {"id": "integer", "name": "text?", "salary": "integer?"},
    "passing": {"id": "integer", "note": "text?"},
    "nothing": {},
    "stored": {"id": "integer", "name": "text?"},
    "guarded": {"id": "integer", "customer": "integer?"},
    'Quo"ted.%s': {"id": "integer", "customer": "integer?"},
}  # fmt: skip
TABLES = tuple(COLUMNS)

SOURCE = """
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, code text, score int);
INSERT INTO customers SELECT n, 'c' || n, nullif('k' || n, 'k3'), n % 5 FROM generate_series(1, 40) n;
CREATE TABLE orders (id int, placed date, customer int, "of" int, of_placed date, PRIMARY KEY (id, placed));
INSERT INTO orders SELECT n, '2023-06-01'::date + n * 9, 1 + n % 40,
  CASE WHEN n > 1 THEN n - 1 END, CASE WHEN n > 1 THEN '2023-06-01'::date + (n - 1) * 9 END
  FROM generate_series(1, 90) n;
CREATE TABLE notes (id int PRIMARY KEY, order_id int, placed date);
INSERT INTO notes SELECT n, n, '2023-06-01'::date + n * 9 FROM generate_series(1, 30) n;
CREATE TABLE grouped (id int PRIMARY KEY, title text);
CREATE TABLE replicated (id int PRIMARY KEY, code text NOT NULL UNIQUE);
CREATE TABLE clustered (id int PRIMARY KEY, code text);
CREATE TABLE measured (id int PRIMARY KEY, name text, size int);
CREATE TABLE booked (id int PRIMARY KEY, room int4range, during int4range);
INSERT INTO booked SELECT n, '[1,2)', int4range(n * 10, n * 10 + 5) FROM generate_series(1, 20) n;
CREATE TABLE orphans (id int PRIMARY KEY, customer int);
INSERT INTO orphans SELECT n, n * 10 FROM generate_series(1, 20) n;
CREATE TABLE unchecked (LIKE orphans INCLUDING ALL);
INSERT INTO unchecked SELECT id, id FROM orphans;
CREATE TABLE hens (id int PRIMARY KEY, egg int);
CREATE TABLE eggs (id int PRIMARY KEY, hen int);
INSERT INTO hens SELECT n, n FROM generate_series(1, 20) n;
INSERT INTO eggs SELECT n, 21 - n FROM generate_series(1, 20) n;
CREATE TABLE tree (id int PRIMARY KEY, above int);
INSERT INTO tree SELECT n, 41 - n FROM generate_series(1, 40) n;
CREATE TABLE people (id int PRIMARY KEY, name text);
CREATE TABLE staff (id int PRIMARY KEY, name text, salary int);
CREATE TABLE passing (id int PRIMARY KEY, note text);
CREATE TABLE nothing ();
CREATE TABLE stored (id int PRIMARY KEY, name text);
CREATE TABLE guarded (id int PRIMARY KEY, customer int);
CREATE TABLE "Quo""ted.%s" (id int PRIMARY KEY, customer int);
INSERT INTO grouped SELECT n, 't' || n FROM generate_series(1, 30) n;
INSERT INTO replicated SELECT n, 'r' || n FROM generate_series(1, 30) n;
INSERT INTO clustered SELECT n, 'c' || n FROM generate_series(1, 30) n;
INSERT INTO measured SELECT n, 'm' || n, n % 7 FROM generate_series(1, 30) n;
INSERT INTO people SELECT n, 'p' || n FROM generate_series(1, 10) n;
INSERT INTO staff SELECT n, 's' || n, n * 100 FROM generate_series(1, 10) n;
INSERT INTO passing SELECT n, 'x' FROM generate_series(1, 10) n;
INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES;
INSERT INTO stored SELECT n, 's' || n FROM generate_series(1, 10) n;
INSERT INTO guarded SELECT n, n FROM generate_series(1, 10) n;
INSERT INTO "Quo""ted.%s" SELECT n, n FROM generate_series(1, 10) n;
"""

TARGET = """
CREATE SCHEMA app;
CREATE SCHEMA elsewhere;
CREATE TABLE app.customers (id int CONSTRAINT customers_key PRIMARY KEY WITH (fillfactor = 70), name text NOT NULL,
  code text, score int, CONSTRAINT named UNIQUE (name) INCLUDE (score) DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX customers_lower ON app.customers (pg_catalog.lower(name) DESC NULLS LAST) WHERE score > 1;
CREATE INDEX "customers ""score.%" ON app.customers USING hash (score);
COMMENT ON CONSTRAINT customers_key ON app.customers IS 'the ''key''';
COMMENT ON INDEX app.customers_key IS 'its index';
COMMENT ON INDEX app.customers_lower IS 'for the search';
COMMENT ON CONSTRAINT named ON app.customers IS 'one of a name';

CREATE TABLE app.orders (id int NOT NULL, placed date NOT NULL, customer int REFERENCES app.customers, "of" int,
  of_placed date, PRIMARY KEY (id, placed), UNIQUE (placed, id), FOREIGN KEY ("of", of_placed) REFERENCES app.orders)
  PARTITION BY RANGE (placed);
CREATE TABLE app.orders_2023 PARTITION OF app.orders FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE app.orders_2024 PARTITION OF app.orders FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
  PARTITION BY HASH (id);
CREATE TABLE app.orders_2024_0 PARTITION OF app.orders_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.orders_2024_1 PARTITION OF app.orders_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE app.orders_rest PARTITION OF app.orders DEFAULT;
CREATE INDEX ON app.orders (customer);
CREATE INDEX only_one ON app.orders_2023 ("of");
CREATE INDEX attached ON ONLY app.orders (of_placed);
CREATE INDEX attached_2023 ON app.orders_2023 (of_placed);
ALTER INDEX app.attached ATTACH PARTITION app.attached_2023;
COMMENT ON INDEX app.only_one IS 'of one partition';
CREATE TABLE elsewhere.years (placed date PRIMARY KEY);
CREATE TABLE app.notes (id int PRIMARY KEY, order_id int, placed date,
  FOREIGN KEY (order_id, placed) REFERENCES app.orders);
COMMENT ON CONSTRAINT notes_order_id_placed_fkey ON app.notes IS 'of an order';

CREATE TABLE app.grouped (id int PRIMARY KEY, title text);
CREATE VIEW app.titles AS SELECT id, title, count(*) FROM app.grouped GROUP BY id;
CREATE MATERIALIZED VIEW app.counted AS SELECT id, title, count(*) FROM app.grouped GROUP BY id;
CREATE TABLE app.replicated (id int PRIMARY KEY, code text NOT NULL CONSTRAINT by_code UNIQUE);
ALTER TABLE app.replicated REPLICA IDENTITY USING INDEX by_code;
CREATE TABLE app.clustered (id int PRIMARY KEY, code text);
CREATE INDEX clustered_code ON app.clustered (code);
ALTER TABLE app.clustered CLUSTER ON clustered_code;
CREATE TABLE app.measured (id int PRIMARY KEY, name text, size int);
CREATE INDEX measured_length ON app.measured (pg_catalog.length(name));
ALTER INDEX app.measured_length ALTER COLUMN 1 SET STATISTICS 500;
CREATE STATISTICS app.measured_both (dependencies) ON name, size FROM app.measured;
CREATE TABLE app.booked (id int PRIMARY KEY, room int4range, during int4range, EXCLUDE USING gist (during WITH &&));
CREATE TABLE app.orphans (id int PRIMARY KEY, customer int);
ALTER TABLE app.orphans ADD CONSTRAINT never FOREIGN KEY (customer) REFERENCES app.customers NOT VALID;
COMMENT ON CONSTRAINT never ON app.orphans IS 'not for old rows';
CREATE TABLE app.unchecked (id int PRIMARY KEY, customer int REFERENCES app.customers);
ALTER TABLE app.unchecked DISABLE TRIGGER ALL;
CREATE TABLE app.hens (id int PRIMARY KEY, egg int);
CREATE TABLE app.eggs (id int PRIMARY KEY, hen int REFERENCES app.hens ON DELETE CASCADE);
ALTER TABLE app.hens ADD FOREIGN KEY (egg) REFERENCES app.eggs ON UPDATE CASCADE DEFERRABLE;
CREATE TABLE app.tree (id int PRIMARY KEY, above int REFERENCES app.tree);
CREATE TABLE app.people (id int PRIMARY KEY, name text);
CREATE TABLE app.staff (salary int, PRIMARY KEY (id)) INHERITS (app.people);
CREATE INDEX ON app.staff (salary);
CREATE UNLOGGED TABLE app.passing (id int PRIMARY KEY, note text);
CREATE TABLE app.nothing ();
CREATE TABLE app.stored (id int PRIMARY KEY, name text);
CREATE INDEX broken ON app.stored (pg_catalog.upper(name));
UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = 'app.broken'::regclass;
CREATE TABLE app.guarded (id int PRIMARY KEY, customer int REFERENCES app.customers);
CREATE TABLE app."Quo""ted.%s" (id int PRIMARY KEY, customer int CONSTRAINT "fk "".%" REFERENCES app.customers);
CREATE INDEX "in ""dex.%s" ON app."Quo""ted.%s" (customer);

-- Tables of nobody's service, which the copy isn't of.
CREATE TABLE elsewhere.fans (id int PRIMARY KEY, customer int REFERENCES app.customers);
CREATE TABLE elsewhere.readers (id int PRIMARY KEY, order_id int, placed date,
  FOREIGN KEY (order_id, placed) REFERENCES app.orders);
"""

# What only servers of these versions and newer know.
NEWER = {
    150000: "CREATE UNIQUE INDEX customers_code ON app.customers (code) NULLS NOT DISTINCT;",
    180000: """
ALTER TABLE app.booked ADD CONSTRAINT stays UNIQUE (room, during WITHOUT OVERLAPS);
ALTER TABLE app.guarded ADD CONSTRAINT advice FOREIGN KEY (id) REFERENCES app.tree NOT ENFORCED;
""",
}

# All of the structure that is to be as before, one line each.
STRUCTURE = """
SELECT 'index', i.indexrelid::regclass::text,
       concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, i.indisreplident, i.indisunique,
                 i.indimmediate, t.spcname, obj_description(i.indexrelid, 'pg_class'),
                 (SELECT h.inhparent::regclass FROM pg_inherits h WHERE h.inhrelid = i.indexrelid),
                 (SELECT string_agg(a.attname || nullif(a.attstattarget, -1), ',') FROM pg_attribute a
                  WHERE a.attrelid = i.indexrelid))
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
WHERE c.relnamespace IN ('app'::regnamespace, 'elsewhere'::regnamespace)
UNION ALL
SELECT 'constraint', k.conrelid::regclass || ' ' || k.conname,
       concat_ws(' ', pg_get_constraintdef(k.oid), k.convalidated, k.conindid::regclass,
                 obj_description(k.oid, 'pg_constraint'),
                 (SELECT p.conrelid::regclass || p.conname FROM pg_constraint p WHERE p.oid = k.conparentid))
FROM pg_constraint k WHERE k.connamespace IN ('app'::regnamespace, 'elsewhere'::regnamespace)
UNION ALL
SELECT 'trigger', t.tgrelid::regclass || ' ' || coalesce(k.conname || t.tgtype, t.tgname), t.tgenabled::text
FROM pg_trigger t LEFT JOIN pg_constraint k ON k.oid = t.tgconstraint
JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'app'::regnamespace
UNION ALL
SELECT 'table', c.oid::regclass::text, concat_ws(' ', c.relkind, c.relreplident, c.relpersistence, c.relhassubclass)
FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace
UNION ALL
SELECT 'statistics', s.stxname, pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s
ORDER BY 1, 2, 3
"""


def structure(url: Any) -> Sequence[tuple[Any, ...]]:
    """Return the structure of a target, line by line."""
    return query(url, STRUCTURE)


def layout_of(tables: Sequence[str] = TABLES) -> Layout:
    """Return the layout that takes these tables as they are."""
    maps = tuple(
        TableMap(SourceTable(name, COLUMNS[name]), f"app.{name}", rename={c: c for c in COLUMNS[name]})
        for name in tables
    )
    return Layout("odd", (LegacyDatabase("old", variable="OLD", service="app", maps=maps),))


def catalog_of(tables: Sequence[str] = TABLES) -> Catalog:
    """Return the catalog of these tables."""
    return Catalog("odd", (Service("app", schema="app", role="odd_app", tables=tuple(tables)),), owner_role="odd_owner")


@pytest.fixture
def odd(server: TestServer) -> Iterator[World]:
    """Tables of odd shapes with rows, and a target that has them empty."""
    source, target = (server.create_database(unique(name)) for name in ("odd_old", "odd"))
    try:
        query(source, SOURCE)
        query(target, TARGET)
        with psycopg.connect(target.conninfo(), autocommit=True) as connection:
            for version, statements in NEWER.items():
                if connection.info.server_version >= version:
                    connection.execute(statements.encode())
        yield replace(World({"old": source}, target), layout=layout_of(), catalog=catalog_of())
    finally:
        for url in (source, target):
            server.drop_database(url.dbname)
