"""The harbour's example rows, and legacy databases to practise on."""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
from sqlalchemy import Table

from harbour.berthing import Berth, Call
from harbour.customs import Declaration
from harbour.registry import Ship
from payrollx_db.devserver.practice import DatabaseMade, LegacySummary, Observer, TableSize, Trouble
from payrollx_db.model.catalog import Service
from payrollx_db.postgres.databases import create_database, database_exists, drop_database
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema.seed import Seed

SHIPS = """
CREATE TABLE "Ships" (flag text, no integer, name text NOT NULL, PRIMARY KEY (flag, no));
INSERT INTO "Ships" SELECT (ARRAY['DK', 'NO'])[1 + n % 2], n, 'ship ' || n FROM generate_series(1, 20) AS n;
"""
PORT = """
CREATE TABLE berths (pier text, number integer, depth integer, PRIMARY KEY (pier, number));
CREATE TABLE calls (id bigint PRIMARY KEY, "shipFlag" text, "shipNumber" integer, pier text NOT NULL,
  berth integer NOT NULL, "declaredYear" integer, "declaredNumber" integer);
INSERT INTO berths SELECT 'P' || p, b, 10 + b FROM generate_series(1, 2) AS p, generate_series(1, 3) AS b;
INSERT INTO calls SELECT n, (ARRAY['DK', 'NO'])[1 + n % 2], n, 'P1', 1 + n % 3, 2020, n
  FROM generate_series(1, 10) AS n;
INSERT INTO calls VALUES (11, NULL, 999, 'P2', 1, NULL, 5); -- one half of each key is NULL: that points at nothing
"""
CUSTOMS = """
CREATE TABLE declarations (year integer, number integer, goods text NOT NULL, PRIMARY KEY (year, number));
INSERT INTO declarations SELECT 2020 + n / 11, n, 'goods' FROM generate_series(1, 20) AS n;
"""
# Each half of these keys is there, and the pair isn't: ship 1 sails under another flag, 2021 has no declaration 1.
ORPHANS = """
UPDATE calls SET "shipFlag" = 'DK' WHERE id IN (1, 3);
UPDATE calls SET "declaredYear" = 2021 WHERE id = 2;
"""
TROUBLES = (
    Trouble("orphan", "harbour_port.public.calls.shipFlag+shipNumber", 2),
    Trouble("loose-orphan", "harbour_port.public.calls.declaredYear+declaredNumber", 1),
)
SCRIPTS = {
    "harbour_ships": (SHIPS, ("Ships",)),
    "harbour_port": (PORT, ("berths", "calls")),
    "harbour_customs": (CUSTOMS, ("declarations",)),
}


def make_legacy(
    url: DatabaseUrl,
    *,
    employees: int = 1,
    hostile: bool = False,
    seed: int = 1,
    observer: Observer | None = None,
    prefix: str = "",
) -> LegacySummary:
    """Make the three databases, whose names get ``prefix``."""
    began = time.monotonic()
    made = [_make(url, name, prefix, hostile=hostile) for name in SCRIPTS]
    for one in made:
        if observer:
            observer(one)
    tables = tuple(table for one in made for table in one.tables)
    troubles = TROUBLES if hostile else ()
    return LegacySummary(employees, seed, hostile, tables, troubles, (), time.monotonic() - began)


def _make(url: DatabaseUrl, name: str, prefix: str, *, hostile: bool) -> DatabaseMade:
    script, tables = SCRIPTS[name]
    if database_exists(url, prefix + name):
        drop_database(url, prefix + name)
    database = create_database(url, prefix + name)
    with psycopg.connect(database.conninfo(), autocommit=True) as connection:
        connection.execute(script)
        if hostile and name == "harbour_port":
            connection.execute(ORPHANS)
        rows = [connection.execute(f'SELECT count(*) FROM "{table}"').fetchone() for table in tables]
    counts = zip(tables, rows, strict=True)
    return DatabaseMade(name, tuple(TableSize(name, table, row[0], 0, False) for table, row in counts if row), (), 0.0)


def _rows(service: Service) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    rows: dict[str, list[tuple[Any, list[dict[str, Any]]]]] = {
        "registry": [(Ship, [{"flag": "DK", "number": n, "name": f"seeded {n}"} for n in (1, 2)])],
        "customs": [(Declaration, [{"year": 2020, "number": 1, "goods": "fish"}])],
        "berthing": [
            (Berth, [{"pier": "P1", "number": 1, "depth": 9}]),
            (Call, [{"id": 1, "ship_flag": "DK", "ship_number": 1, "pier": "P1", "berth": 1}]),
        ],
    }
    for model, of_it in rows.get(service.name, []):
        yield model.__table__, of_it


SEED = Seed(_rows)
