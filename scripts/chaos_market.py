"""The world that `chaos_online.py` plays in: a market's and a desk's database, that become one, and can go back.

What differs between both sides is small and of every kind: ids that are texts and become UUIDs, keys of two columns,
local times, an enum, a looked-up column, a partitioned table, odd names, a table that is a key and nothing else, and a
reference from one database into the other. `expected` says in Python, and not by the tool's own means, which rows the
unified database has to have for the legacy databases' rows.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, Lookup, SourceTable, TableMap
from payrollx_db.postgres.url import DatabaseUrl

ODD = 'Key % "odd".'
CATALOG = Catalog(
    "market",
    (
        Service(
            "market",
            schema="market",
            role="market_role",
            tables=("customers", "orders", "lines", "events", "labels", "marks"),
        ),
        Service("desk", schema="desk", role="desk_role", tables=("tickets", "replies")),
    ),
    (
        Reference("market.orders", "customer_id", "market.customers", "id", enforced=True),
        Reference("market.lines", "order_id", "market.orders", "id", enforced=True),
        Reference("desk.tickets", "customer", "market.customers", "id", enforced=True),
        Reference("desk.replies", "ticket", "desk.tickets", "id", enforced=True),
    ),
    owner_role="market_owner",
)
TABLES: dict[str, dict[str, str]] = {
    "customers": {"id": "text", "name": "text", "config": "jsonb", "note": "text?", "createdAt": "timestamp(3)"},
    "orders": {
        "id": "text", "customerId": "text", "currency": "text", "state": "order_state", "total": "numeric(65,30)",
        "createdAt": "timestamp(3)",
    },
    "lines": {"orderId": "text", "no": "integer", "article": "text", "note": "text?"},
    "events": {"id": "integer", "kind": "text", "body": "text?"},
    "labels": {ODD: "text", "Val.ue": "text?"},
    "marks": {"id": "bigint"},
    "tickets": {"id": "bigint", "customer": "text?", "title": "text", "body": "text?"},
    "replies": {"id": "bigint", "ticket": "bigint", "body": "text?"},
}  # fmt: skip


def _map(name: str, schema: str, **options: Any) -> TableMap:
    return TableMap(SourceTable(name, TABLES[name]), f"{schema}.{name}", **options)


LAYOUT = Layout(
    "market",
    (
        LegacyDatabase(
            "oldmarket",
            variable="MARKET",
            service="market",
            maps=(
                _map("customers", "market"),
                _map("orders", "market"),
                _map(
                    "lines",
                    "market",
                    derive={"currency": "{order.currency}"},
                    lookups={"order": Lookup("orders", on={"id": "orderId"})},
                ),
                _map("events", "market"),
                _map("labels", "market"),
                _map("marks", "market"),
            ),
        ),
        LegacyDatabase(
            "olddesk", variable="DESK", service="desk", maps=(_map("tickets", "desk"), _map("replies", "desk"))
        ),
    ),
)
ENVIRONMENT = {
    "PAYROLLX_CATALOG": "chaos_market:CATALOG",
    "PAYROLLX_FROM": "chaos_market:LAYOUT",
    "PYTHONPATH": str(Path(__file__).resolve().parent),
}

QUOTED = '"Key % ""odd""."'
OLD_MARKET = f"""
CREATE TYPE order_state AS ENUM ('NEW', 'PAID', 'SENT');
CREATE TABLE customers (id text PRIMARY KEY, name text NOT NULL UNIQUE, config jsonb NOT NULL, note text,
  "createdAt" timestamp(3) NOT NULL DEFAULT now());
CREATE TABLE orders (id text PRIMARY KEY, "customerId" text NOT NULL REFERENCES customers ON UPDATE CASCADE
  ON DELETE CASCADE, currency text NOT NULL, state order_state NOT NULL, total numeric(65,30) NOT NULL,
  "createdAt" timestamp(3) NOT NULL DEFAULT now());
CREATE TABLE lines ("orderId" text NOT NULL REFERENCES orders ON UPDATE CASCADE ON DELETE CASCADE, no int NOT NULL,
  article text NOT NULL, note text, PRIMARY KEY ("orderId", no));
CREATE TABLE events (id int NOT NULL, kind text NOT NULL, body text, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE events_in PARTITION OF events FOR VALUES IN ('in');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE TABLE labels ({QUOTED} text PRIMARY KEY, "Val.ue" text);
CREATE TABLE marks (id bigint PRIMARY KEY);
INSERT INTO customers SELECT gen_random_uuid(), 'customer ' || n, jsonb_build_object('n', n), repeat('n', n)
  FROM generate_series(1, 60) n;
INSERT INTO orders SELECT gen_random_uuid(), id, 'EUR', 'NEW', 1.5 FROM customers, generate_series(1, 3);
INSERT INTO lines SELECT id, n, 'article ' || n, md5(id) FROM orders, generate_series(1, 5) n;
INSERT INTO events SELECT n, CASE WHEN n % 2 = 0 THEN 'in' ELSE 'out' END, md5(n::text) FROM generate_series(1, 300) n;
INSERT INTO labels SELECT 'l' || n, 'v' FROM generate_series(1, 100) n;
"""
OLD_DESK = """
CREATE TABLE tickets (id bigserial PRIMARY KEY, customer text, title text NOT NULL UNIQUE, body text);
CREATE TABLE replies (id bigserial PRIMARY KEY, ticket bigint NOT NULL REFERENCES tickets ON DELETE CASCADE, body text);
INSERT INTO tickets (title, body) SELECT 'ticket ' || n, md5(n::text) FROM generate_series(1, 200) n;
INSERT INTO replies (ticket, body) SELECT 1 + n % 200, 'r' FROM generate_series(1, 600) n;
"""
UNIFIED = f"""
CREATE SCHEMA market; CREATE SCHEMA desk;
CREATE TYPE market.order_state AS ENUM ('NEW', 'PAID', 'SENT', 'RETURNED');
CREATE TABLE market.customers (id uuid PRIMARY KEY, name text NOT NULL UNIQUE, config jsonb NOT NULL, note text,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE market.orders (id uuid PRIMARY KEY, customer_id uuid NOT NULL REFERENCES market.customers
  ON UPDATE CASCADE ON DELETE CASCADE, currency text NOT NULL, state market.order_state NOT NULL,
  total numeric(38,18) NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE market.lines (order_id uuid NOT NULL REFERENCES market.orders ON UPDATE CASCADE ON DELETE CASCADE,
  no int NOT NULL, article text NOT NULL, note text, currency text NOT NULL, PRIMARY KEY (order_id, no));
CREATE TABLE market.events (id int, kind text, body text, PRIMARY KEY (id, kind)) PARTITION BY HASH (id);
CREATE TABLE market.events_0 PARTITION OF market.events FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE market.events_1 PARTITION OF market.events FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE market.labels ({QUOTED} text PRIMARY KEY, "Val.ue" text);
CREATE TABLE market.marks (id bigint PRIMARY KEY);
CREATE TABLE desk.tickets (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, customer uuid
  REFERENCES market.customers, title text NOT NULL UNIQUE, body text);
CREATE TABLE desk.replies (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, ticket bigint NOT NULL
  REFERENCES desk.tickets ON DELETE CASCADE, body text);
CREATE INDEX ON market.orders (customer_id);
CREATE INDEX ON desk.tickets (customer);
"""
SOURCES = {"oldmarket": OLD_MARKET, "olddesk": OLD_DESK}

OF_DATABASE = {"oldmarket": tuple(TABLES)[:6], "olddesk": tuple(TABLES)[6:]}
NEW_COLUMNS = {
    "customers": ("id", "name", "config", "note", "created_at"),
    "orders": ("id", "customer_id", "currency", "state", "total", "created_at"),
    "lines": ("order_id", "no", "article", "note", "currency"),
    "events": ("id", "kind", "body"), "labels": (ODD, "Val.ue"), "marks": ("id",),
    "tickets": ("id", "customer", "title", "body"), "replies": ("id", "ticket", "body"),
}  # fmt: skip
UUID_FORM = re.compile(r"\{?[0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}\}?")

UNFIT = "RETURNED"  # a state that the legacy enum lacks

Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Expected:
    """Rows of a unified table: those that must be there, and those that may, as an orphan until references count."""

    must: frozenset[Row]
    may: frozenset[Row] = frozenset()

    def difference(self, rows: Iterable[Row]) -> str:
        """Say in what rows differ from what is expected; empty where they don't."""
        there = frozenset(rows)
        lacking, extra = self.must - there, there - self.must - self.may
        parts = [f"{len(lacking)} lacking, such as {min(lacking, key=str)}"] if lacking else []
        parts += [f"{len(extra)} too many, such as {min(extra, key=str)}"] if extra else []
        return "; ".join(parts)


def read_old(urls: Mapping[str, DatabaseUrl]) -> dict[str, list[Row]]:
    """Return all rows of the legacy databases, as texts."""
    return {
        name: _read(urls[database], f'public."{name}"', TABLES[name], '"{}"::text')
        for database, names in OF_DATABASE.items()
        for name in names
    }


def read_new(url: DatabaseUrl) -> dict[str, list[Row]]:
    """Return all rows of the unified database, as texts."""
    schemas = {name: "market" if name in OF_DATABASE["oldmarket"] else "desk" for name in TABLES}
    return {name: _read(url, f'{schemas[name]}."{name}"', NEW_COLUMNS[name], '"{}"::text') for name in TABLES}


def expected(
    old: Mapping[str, list[Row]], customers_there: Collection[str | None] | None = None
) -> dict[str, Expected]:
    """Return which rows the unified database has to have for these of the legacy ones.

    ``customers_there`` are the customers' ids where they don't come from a legacy database any more.
    """
    customers = [(_uuid(i), *rest) for i, *rest in old["customers"] if _uuid(i)]
    known = {row[0] for row in customers} if customers_there is None else customers_there
    orders = [
        (_uuid(i), _uuid(c), currency, state, _number(total), at)
        for i, c, currency, state, total, at in old["orders"]
        if _uuid(i) and _uuid(c) in known
    ]
    currencies = {row[0]: row[2] for row in orders}
    lines = [
        (_uuid(order), *rest, currencies[_uuid(order)]) for order, *rest in old["lines"] if _uuid(order) in currencies
    ]
    readable = [(i, _uuid(c), *rest) for i, c, *rest in old["tickets"] if c is None or _uuid(c)]
    tickets = [row for row in readable if row[1] is None or row[1] in known]
    orphaned = frozenset(readable) - frozenset(tickets)
    kept = {row[0] for row in tickets}
    held = {row[0] for row in old["tickets"]} - kept  # their replies are there until references count
    return {
        "customers": Expected(frozenset(customers)),
        "orders": Expected(frozenset(orders)),
        "lines": Expected(frozenset(lines)),
        "tickets": Expected(frozenset(tickets), orphaned),
        "replies": Expected(
            frozenset(row for row in old["replies"] if row[1] in kept),
            frozenset(row for row in old["replies"] if row[1] in held),
        ),
        **{name: Expected(frozenset(old[name])) for name in ("events", "labels", "marks")},
    }


def differences(
    urls: Mapping[str, DatabaseUrl], target: DatabaseUrl, moved: Collection[str] = (), completed: Collection[str] = ()
) -> list[str]:
    """Compare both sides, row by row, and name the tables that differ. Nobody must write meanwhile.

    Where the market has moved, orders that the legacy table can't take aren't compared, nor are their lines. Nor are
    tables of services that are completed.
    """
    old, new = read_old(urls), read_new(target)
    there = {row[0] for row in new["customers"]} if "market" in completed else None
    if "market" in moved:
        unfit = {row[0] for row in new["orders"] if row[3] == UNFIT}
        for name in ("orders", "lines"):
            old[name] = [row for row in old[name] if _uuid(row[0]) not in unfit]
            new[name] = [row for row in new[name] if row[0] not in unfit]
    new["customers"] = [(*row[:4], _local(row[4])) for row in new["customers"]]
    new["orders"] = [(*row[:4], _number(row[4]), _local(row[5])) for row in new["orders"]]
    done = {name for service in completed for name in OF_DATABASE[f"old{service}"]}
    wrong = {name: one.difference(new[name]) for name, one in expected(old, there).items() if name not in done}
    return [f"{name}: {text}" for name, text in wrong.items() if text]


def make(connect: Callable[[str], DatabaseUrl], name: str, statements: str) -> DatabaseUrl:
    """Make one database with ``connect``, and what is in it."""
    url = connect(name)
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        connection.execute(statements.encode())
    return url


def _read(url: DatabaseUrl, table: str, columns: Iterable[str], form: str) -> list[Row]:
    texts = ", ".join(form.format(column.replace('"', '""')) for column in columns)
    options = "-c timezone=UTC -c client_encoding=UTF8 -c datestyle=ISO"
    with psycopg.connect(url.conninfo(), autocommit=True, application_name="chaos", options=options) as connection:
        return connection.execute(f"SELECT {texts} FROM {table}".encode()).fetchall()


def _uuid(text: str | None) -> str | None:
    return str(UUID(text)) if text and UUID_FORM.fullmatch(text) else None


def _number(text: str | None) -> str | None:
    return None if text is None else format(Decimal(text).normalize(), "f")


def _local(text: str | None) -> str | None:
    return text.removesuffix("+00") if text else text
