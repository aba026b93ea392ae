"""Commands with --lift: the catalog and the layout come from lift.toml and its lock, and the mapping is total."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from command_line import Done, call
from conftest import TestServer, unique

from payrollx_db.postgres.url import DatabaseUrl

# One schema's objects; {0} is the schema. Names that need quotes, a generated column, a composite key, a sequence that
# no column uses, and the bookkeeping of a migration tool.
SHOP = """
CREATE SCHEMA IF NOT EXISTS {0};
CREATE TABLE {0}.customers (id integer PRIMARY KEY, "fullName" text NOT NULL, area text NOT NULL, UNIQUE (area, id));
CREATE TABLE {0}."Or.der%s" (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, area text, customer integer,
  net numeric(10,2), gross numeric(10,2) GENERATED ALWAYS AS (net * 1.2) STORED, note text,
  FOREIGN KEY (area, customer) REFERENCES {0}.customers (area, id)
);
CREATE TABLE {0}.events (at date NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE {0}.events_2024 PARTITION OF {0}.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE {0}.schema_migrations (version varchar PRIMARY KEY);
CREATE SEQUENCE {0}."Invoice.no";
"""
ROWS = """
INSERT INTO public.customers VALUES (1, 'Ann', 'n'), (2, 'Bob', 's');
INSERT INTO public."Or.der%s" (area, customer, net, note) VALUES ('n', 1, 10, 'a'), ('s', 2, 20, NULL);
INSERT INTO public.events VALUES ('2024-02-03', 'bought');
INSERT INTO public.schema_migrations VALUES ('20240101');
SELECT setval('public."Invoice.no"', 41);
"""
CRM = """
CREATE SCHEMA {1};
CREATE TABLE {1}.leads (id integer PRIMARY KEY, customer integer REFERENCES {0}.customers, raw text);
"""


@dataclass(frozen=True)
class World:
    """A source with two schemas, a target that has their tables, and a folder with lift.toml."""

    source: DatabaseUrl
    target: DatabaseUrl
    folder: Path

    def call(self, *arguments: str) -> Done:
        return call(
            arguments, {"DATABASE_URL": self.target.plain, "LEGACY_DATABASE_URL": self.source.plain}, self.folder
        )

    def run(self, side: DatabaseUrl, statements: str) -> None:
        with psycopg.connect(side.conninfo(), autocommit=True) as connection:
            connection.execute(statements)

    def edit(self, before: str, after: str) -> None:
        file = self.folder / "lift.toml"
        text = file.read_text("utf-8")
        assert before in text
        file.write_text(text.replace(before, after, 1), "utf-8")


@pytest.fixture
def world(server: TestServer, tmp_path: Path) -> Iterator[World]:
    names = unique("lift"), unique("lifted")
    source, target = (server.create_database(name) for name in names)
    made = World(source, target, tmp_path)
    made.run(source, SHOP.format("public") + CRM.format("public", '"Crm"') + ROWS)
    made.run(target, SHOP.format("shop") + CRM.format("shop", "crm"))
    done = made.call("lift", "init", "--databases", names[0], "--name", names[1])
    assert done.returncode == 0, done.stderr
    made.edit(f'service = "{names[0]}"\n', 'service = "shop"\n')
    made.edit(f'service = "{names[0]}_crm"\n', 'service = "crm"\n')
    yield made
    for name in names:
        server.drop_database(name)


def test_a_lift_is_planned_copied_and_verified(world: World) -> None:
    early = world.call("plan", "--lift", "lift.toml")
    assert early.returncode == 2
    assert "payrollx-db lift plan --lift lift.toml reads the databases" in early.stderr

    planned = world.call("lift", "plan", "--json")
    assert planned.returncode == 0, planned.stdout
    document = json.loads(planned.stdout)
    assert {one["service"]: one["tables"] for one in document["services"]} == {"shop": 4, "crm": 1}
    assert [one["place"].partition(".")[2] for one in document["left_behind"]] == ["Or.der%s.gross"]

    first = world.call("copy", "--lift", "lift.toml", "--service", "shop", "--json")
    assert first.returncode == 0, first.stderr
    assert sum(table["read"] for table in json.loads(first.stdout)["tables"]) == 6
    joined = world.call("copy", "--lift", "lift.toml", "--verify", "--json")
    assert joined.returncode == 0, joined.stderr
    assert json.loads(joined.stdout)["verify"]["identical"]
    assert "materialized_views" in json.loads(joined.stdout)
    again = world.call("copy", "--lift", "lift.toml", "--json")
    assert json.loads(again.stdout)["nothing_to_do"]

    verified = world.call("verify", "--lift", "lift.toml")
    assert verified.returncode == 0, verified.stdout
    with psycopg.connect(world.target.conninfo()) as connection:
        assert connection.execute("SELECT nextval('shop.\"Invoice.no\"')").fetchone() == (42,)
    world.run(world.target, "SELECT setval('shop.\"Invoice.no\"', 7)")
    behind = world.call("verify", "--lift", "lift.toml")
    assert "shop.Invoice.no" in behind.stdout

    for command in (["status"], ["report"], ["placement"], ["service", "list"]):
        done = world.call(*command, "--lift", "lift.toml")
        assert done.returncode == 0, done.stderr
    refused = world.call("migrate", "--lift", "lift.toml")
    assert refused.returncode == 2
    assert "payrollx-db lift schema --lift lift.toml" in refused.stderr


def test_a_change_since_the_lock_is_named_and_taken_on(world: World) -> None:
    assert world.call("lift", "plan").returncode == 0
    world.run(world.source, "ALTER TABLE public.customers ADD since date; CREATE TABLE public.extra (id integer)")

    checked = world.call("check", "--lift", "lift.toml")
    assert checked.returncode == 3
    assert "customers.since" in checked.stderr
    assert "public.extra" in checked.stderr
    assert "payrollx-db lift plan --lift lift.toml" in checked.stderr
    planned = world.call("lift", "plan")
    assert planned.returncode == 3
    assert "source-changed" in planned.stdout
    assert "--renew" in planned.stdout

    world.call("lift", "plan", "--renew")
    world.run(world.target, "ALTER TABLE shop.customers ADD since date; CREATE TABLE shop.extra (id integer)")
    assert world.call("lift", "plan").returncode == 0
    assert world.call("plan", "--lift", "lift.toml").returncode == 0


def test_what_is_left_behind_has_a_reason_and_the_rest_is_total(world: World) -> None:
    world.run(world.source, "CREATE SCHEMA old; CREATE TABLE old.t (id integer)")
    told = world.call("lift", "plan")
    assert told.returncode == 0
    assert "other-schema" in told.stdout
    assert '"old.*" = "the reason"' in told.stdout
    unknown = world.call("plan", "--lift", "lift.toml")
    assert unknown.returncode == 3
    assert "old.t" in unknown.stdout

    database = world.source.dbname
    with (world.folder / "lift.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'[databases.{database}.left_behind]\n"old.*" = "nobody reads it"\n"Or.der%s.note" = "private"\n'
            '"schema_migrations" = "another tool"\n'
        )
    assert "other-schema" not in world.call("lift", "plan").stdout
    planned = world.call("plan", "--lift", "lift.toml", "--json")
    assert planned.returncode == 0, planned.stdout
    document = json.loads(planned.stdout)
    assert {"source": f"{database}.Or.der%s.note", "reason": "private"} in document["discarded"]
    assert {"source": f"{database}.schema_migrations", "reason": "another tool"} in document["discarded"]
    assert "shop.schema_migrations" not in {table["target"] for table in document["tables"]}
    assert world.call("copy", "--lift", "lift.toml").returncode == 0
