"""The worlds that `chaos_copy.py` plays in: which databases there are, how they are made, and how `copy` finds them.

`PAYROLLX` is the built-in catalog with its practice data. `YARD` has what that lacks: partitioned and sub-partitioned
tables on both sides, foreign keys to and from them, tables that inherit, foreign tables and partitions as sources, a
table in slices and many small ones in batches.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from payrollx_db import unified
from payrollx_db.catalogs.payrollx.practice.databases import make_legacy
from payrollx_db.devserver import create_database
from payrollx_db.legacy import LAYOUT
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate


@dataclass(frozen=True)
class ChaosWorld:
    """``make_sources`` gets the server's URL, how large and whether hostile; ``make_target`` an empty database's."""

    layout: Layout
    make_sources: Callable[[DatabaseUrl, int, bool], None]
    make_target: Callable[[DatabaseUrl], None]
    environment: Mapping[str, str] = field(default_factory=dict)


def _make_payrollx_sources(server: DatabaseUrl, employees: int, hostile: bool) -> None:
    make_legacy(server, employees=employees, hostile=hostile)


def _make_payrollx_target(target: DatabaseUrl) -> None:
    migrate.upgrade(target, unified.CATALOG)


# --- the yard -----------------------------------------------------------------------------------------

SMALL = tuple(f"small_{number:02}" for number in range(1, 25))
COLUMNS: dict[str, dict[str, str]] = {
    "accounts": {"id": "integer", "title": "text"},
    "ledger": {"id": "bigint", "day": "date", "account": "integer", "memo": "text?"},
    "entries": {"id": "integer", "kind": "text", "ledger": "bigint?", "day": "date?", "note": "text?"},
    "notes": {"id": "integer", "ledger": "bigint?", "day": "date?"},
    "people": {"id": "integer", "name": "text?"},
    "staff": {"id": "integer", "name": "text?", "salary": "integer?"},
    "far": {"id": "integer", "account": "integer", "note": "text?"},
    "mixed": {"id": "integer", "region": "text", "note": "text?"},
    'Quo"ted.%s': {"id": "integer", "account": "integer?"},
    **{name: {"id": "integer", "title": "text?"} for name in SMALL},
}
YARD_CATALOG = Catalog(
    "yard",
    (Service("yard", schema="yard", role="yard_role", tables=tuple(COLUMNS)),),
    owner_role="yard_owner",
)
YARD_LAYOUT = Layout(
    "yard",
    (
        LegacyDatabase(
            "oldyard",
            variable="YARD",
            service="yard",
            maps=tuple(TableMap(SourceTable(name, columns), f"yard.{name}") for name, columns in COLUMNS.items()),
        ),
    ),
)

# The ledger has some 75 MB, so that it is copied in slices.
YARD_SOURCE = """
CREATE TABLE accounts (id serial PRIMARY KEY, title text NOT NULL);
INSERT INTO accounts (title) SELECT 'account ' || n FROM generate_series(1, 500) n;
CREATE TABLE ledger (id bigserial PRIMARY KEY, day date NOT NULL, account int NOT NULL, memo text);
INSERT INTO ledger (day, account, memo) SELECT date '2023-01-01' + n % 1000, 1 + n % 500, repeat(md5(n::text), 15)
  FROM generate_series(1, 140000) n;
CREATE TABLE entries (id int NOT NULL, kind text NOT NULL, ledger bigint, day date, note text) PARTITION BY LIST (kind);
CREATE TABLE entries_in PARTITION OF entries FOR VALUES IN ('in') PARTITION BY HASH (id);
CREATE TABLE entries_in_0 PARTITION OF entries_in FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE entries_in_1 PARTITION OF entries_in FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE entries_rest PARTITION OF entries DEFAULT;
ALTER TABLE entries ADD PRIMARY KEY (id, kind);
INSERT INTO entries SELECT n, CASE WHEN n % 3 = 0 THEN 'in' ELSE 'out' END, n, date '2023-01-01' + n % 1000,
  md5(n::text) FROM generate_series(1, 60000) n;
CREATE TABLE notes (id serial PRIMARY KEY, ledger bigint, day date);
INSERT INTO notes (ledger, day) SELECT n, date '2023-01-01' + n % 1000 FROM generate_series(1, 3000) n;
CREATE TABLE people (id int PRIMARY KEY, name text);
CREATE TABLE staff (salary int, PRIMARY KEY (id)) INHERITS (people);
INSERT INTO people SELECT n, 'p' || n FROM generate_series(1, 4000) n;
INSERT INTO staff SELECT n, 's' || n, n FROM generate_series(5001, 9000) n;
CREATE TABLE mixed (id int NOT NULL, region text NOT NULL, note text) PARTITION BY LIST (region);
CREATE TABLE mixed_here PARTITION OF mixed FOR VALUES IN ('here');
INSERT INTO mixed SELECT n, 'here', md5(n::text) FROM generate_series(1, 9000) n;
CREATE TABLE "Quo""ted.%s" (id int PRIMARY KEY, account int);
INSERT INTO "Quo""ted.%s" SELECT n, 1 + n % 500 FROM generate_series(1, 2000) n;
""" + "".join(
    f"CREATE TABLE {name} (id serial PRIMARY KEY, title text UNIQUE);\n"
    f"INSERT INTO {name} (title) SELECT '{name} ' || n FROM generate_series(1, 50) n;\n"
    for name in SMALL
)
# What lies on another server; made in the same database where this one has no postgres_fdw.
FAR = """
CREATE TABLE far (id int, account int NOT NULL, note text);
INSERT INTO far SELECT n, 1 + n % 500, md5(n::text) FROM generate_series(1, 20000) n;
CREATE TABLE mixed_far (id int NOT NULL, region text NOT NULL, note text);
INSERT INTO mixed_far SELECT n, 'far', md5(n::text) FROM generate_series(9001, 15000) n;
"""
WITHOUT_FAR = (
    "ALTER TABLE mixed ATTACH PARTITION mixed_far FOR VALUES IN ('far'); ALTER TABLE far ALTER id SET NOT NULL"
)
WITH_FAR = """
CREATE EXTENSION postgres_fdw;
CREATE SERVER faraway FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host {host}, port {port}, dbname {dbname});
CREATE USER MAPPING FOR CURRENT_USER SERVER faraway OPTIONS (user {user}, password {password});
CREATE FOREIGN TABLE far (id int NOT NULL, account int NOT NULL, note text) SERVER faraway;
CREATE FOREIGN TABLE mixed_far PARTITION OF mixed FOR VALUES IN ('far') SERVER faraway;
"""

YARD_TARGET = """
CREATE SCHEMA yard;
CREATE TABLE yard.accounts (id serial PRIMARY KEY, title text NOT NULL UNIQUE);
CREATE TABLE yard.ledger (id bigint GENERATED BY DEFAULT AS IDENTITY, day date NOT NULL,
  account int NOT NULL REFERENCES yard.accounts, memo text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE yard.ledger_2023 PARTITION OF yard.ledger FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE yard.ledger_2024 PARTITION OF yard.ledger FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
  PARTITION BY HASH (id);
CREATE TABLE yard.ledger_2024_0 PARTITION OF yard.ledger_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE yard.ledger_2024_1 PARTITION OF yard.ledger_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE yard.ledger_rest PARTITION OF yard.ledger DEFAULT;
CREATE INDEX ledger_account ON yard.ledger (account);
CREATE INDEX only_2023 ON yard.ledger_2023 (account, day);
CREATE TABLE yard.entries (id int, kind text, ledger bigint, day date, note text, PRIMARY KEY (id, kind),
  FOREIGN KEY (ledger, day) REFERENCES yard.ledger);
CREATE INDEX entries_note ON yard.entries (note);
CREATE INDEX entries_of ON yard.entries (ledger, day);
CREATE TABLE yard.notes (id serial PRIMARY KEY, ledger bigint, day date,
  FOREIGN KEY (ledger, day) REFERENCES yard.ledger ON DELETE CASCADE);
CREATE TABLE yard.people (id int PRIMARY KEY, name text);
CREATE TABLE yard.staff (salary int, PRIMARY KEY (id)) INHERITS (yard.people);
CREATE INDEX ON yard.staff (salary);
CREATE TABLE yard.far (id int, account int NOT NULL REFERENCES yard.accounts, note text, PRIMARY KEY (id))
  PARTITION BY RANGE (id);
CREATE TABLE yard.far_low PARTITION OF yard.far FOR VALUES FROM (0) TO (10000);
CREATE TABLE yard.far_high PARTITION OF yard.far FOR VALUES FROM (10000) TO (99999);
CREATE TABLE yard.mixed (id int PRIMARY KEY, region text NOT NULL, note text UNIQUE);
CREATE TABLE yard."Quo""ted.%s" (id int, account int CONSTRAINT "fk "".%" REFERENCES yard.accounts, PRIMARY KEY (id))
  PARTITION BY HASH (id);
CREATE TABLE yard."Quo""ted.%s 0" PARTITION OF yard."Quo""ted.%s" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE yard."Quo""ted.%s 1" PARTITION OF yard."Quo""ted.%s" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
""" + "".join(f"CREATE TABLE yard.{name} (id serial PRIMARY KEY, title text UNIQUE);\n" for name in SMALL)


def _make_yard_sources(server: DatabaseUrl, _employees: int, _hostile: bool) -> None:
    source = create_database(server, "oldyard")
    has_far = _run(source, "SELECT FROM pg_available_extensions WHERE name = 'postgres_fdw'")
    _run(source, YARD_SOURCE)
    if not has_far:
        print("this server has no postgres_fdw: the yard's foreign tables are plain ones", flush=True)
        _run(source, FAR + WITHOUT_FAR)
    else:
        faraway = create_database(server, "faraway")
        _run(faraway, FAR)
        names = ("host", "port", "dbname", "user", "password")
        options = {name: sql.Literal(faraway.params[name]) for name in names}
        _run(source, sql.SQL(WITH_FAR).format(**options))
    _run(source, "ANALYZE")


def _make_yard_target(target: DatabaseUrl) -> None:
    _run(target, YARD_TARGET)


def _run(url: DatabaseUrl, statements: str | sql.Composed) -> int:
    """Run statements, and return how many rows the last one is about."""
    with psycopg.connect(url.conninfo(), autocommit=True, application_name="chaos") as connection:
        query = statements.encode() if isinstance(statements, str) else statements
        return connection.execute(query).rowcount


PAYROLLX = ChaosWorld(LAYOUT, _make_payrollx_sources, _make_payrollx_target)
YARD = ChaosWorld(
    YARD_LAYOUT,
    _make_yard_sources,
    _make_yard_target,
    {
        "PAYROLLX_CATALOG": "chaos_worlds:YARD_CATALOG",
        "PAYROLLX_FROM": "chaos_worlds:YARD_LAYOUT",
        "PYTHONPATH": str(Path(__file__).resolve().parent),
    },
)
WORLDS = {"payrollx": PAYROLLX, "yard": YARD}
