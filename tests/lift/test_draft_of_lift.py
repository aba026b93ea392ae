"""A lifted database is drafted: its services, roles and layout are those of lift.toml, and the copy goes on with it."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_line import Done, call
from conftest import TestServer, unique
from drafts import ask, fill

from payrollx_db.postgres.url import DatabaseUrl

SOURCES = {
    "goods": """
        CREATE TYPE "Kind" AS ENUM ('raw', 'made');
        CREATE TABLE "Item" ("itemId" serial PRIMARY KEY, "createdAt" timestamp(3) NOT NULL, kind "Kind" NOT NULL);
        CREATE TABLE scratch (note text);
        INSERT INTO "Item" ("createdAt", kind) SELECT '2024-01-01', 'raw' FROM generate_series(1, 7);
        CREATE SEQUENCE numbers;""",
    "people": """
        CREATE TABLE people (id integer PRIMARY KEY, "bossId" integer REFERENCES people, twice integer GENERATED ALWAYS
            AS (id * 2) STORED);
        INSERT INTO people (id, "bossId") VALUES (1, NULL), (2, 1);""",
}


@dataclass(frozen=True)
class LiftedDatabase:
    """Two databases lifted into one, and where lift.toml lies."""

    folder: Path
    env: dict[str, str]
    target: DatabaseUrl

    def run(self, *arguments: str, folder: str = "") -> Done:
        """Run payrollx-db there."""
        return call(arguments, self.env, self.folder / folder)


@pytest.fixture
def lifted(server: TestServer, tmp_path: Path) -> Iterator[LiftedDatabase]:
    names = {source: unique(source) for source in (*SOURCES, "unified")}
    urls = {source: server.create_database(name) for source, name in names.items()}
    for source, script in SOURCES.items():
        fill(urls[source], script)
    env = {"DATABASE_URL": urls["unified"].plain, "LEGACY_DATABASE_URL": server.url.plain}
    one = LiftedDatabase(tmp_path, env, urls["unified"])
    named = [f"--source={source}={urls[source].plain}" for source in SOURCES]
    (tmp_path / "empty").mkdir()
    variables = {f"LEGACY_{source.upper()}_DATABASE_URL": urls[source].plain for source in SOURCES}
    one.env.update(variables)
    for arguments in (
        ("lift", "init", *named, "--name", "shop"), ("lift", "plan"), ("lift", "schema"),
    ):  # fmt: skip
        done = one.run(*arguments)
        assert done.returncode == 0, (arguments, done.stderr)
    yield one
    for name in names.values():
        server.drop_database(name)


def test_a_draft_of_a_lift_goes_on_where_the_lift_was(lifted: LiftedDatabase) -> None:
    package = "drafted_lift"
    refused = lifted.run("draft", "--dir", "mine", "--lift", "lift.toml", "--schema", "goods")
    assert refused.returncode == 2
    assert not (lifted.folder / "mine").exists()

    done = lifted.run("draft", "--dir", "mine", "--package", package, "--lift", "lift.toml", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [(one["name"], one["role"]) for one in document["services"]] == [
        ("goods", "shop_goods"), ("people", "shop_people"),
    ]  # fmt: skip
    layout = (lifted.folder / "mine" / package / "layout.py").read_text("utf-8")
    assert '"createdAt": "timestamp(3)"' in layout
    assert "rename" not in layout

    catalog = ("--catalog", f"{package}.catalog:CATALOG")
    for arguments in (("plan", *catalog), ("copy", "--yes", *catalog), ("verify", *catalog)):
        done = lifted.run(*arguments, folder="mine")
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    assert ask(lifted.target, 'SELECT count(*) FROM goods."Item"') == [7]
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
