"""lift in one command: found, planned, made, copied and verified; and the same again, when there is nothing to do."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from command_line import Done, call
from conftest import TestServer, unique

from payrollx_db.backup.clients import Clients
from payrollx_db.devserver.programs import folders
from payrollx_db.errors import ConfigurationError

SHOP = """
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE orders (
  id serial PRIMARY KEY, total numeric(10,2), mood mood, twice numeric GENERATED ALWAYS AS (total * 2) STORED
);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
CREATE TRIGGER refusing BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse();
ALTER TABLE orders DISABLE TRIGGER refusing;
INSERT INTO orders (total, mood) SELECT n, 'glad' FROM generate_series(1, 50) AS n;
ALTER TABLE orders ENABLE TRIGGER refusing;
CREATE MATERIALIZED VIEW sums AS SELECT sum(total) AS total FROM orders;
CREATE MATERIALIZED VIEW above AS SELECT total FROM sums;
CREATE TABLE "_prisma_migrations" (
  id varchar(36) PRIMARY KEY, migration_name text, finished_at timestamptz, rolled_back_at timestamptz,
  started_at timestamptz
);
"""
CRM = "CREATE TABLE orders (id integer PRIMARY KEY, mood text); INSERT INTO orders VALUES (1, 'x')"


class World:
    """Two databases with a prefix of their own, and the URL of a target that isn't there yet."""

    def __init__(self, server: TestServer, folder: Path, shop: str, crm: str, target: str) -> None:
        self.server, self.folder, self.shop, self.crm = server, folder, shop, crm
        self.target = server.url.with_database(target)

    def lift(self, *arguments: str) -> Done:
        words = ("lift", "--server", self.server.url.plain, "--databases", f"{self.shop},{self.crm}")
        more = ("--name", self.target.dbname, "--to", self.target.plain, "--dir", str(self.folder / "lift"))
        return call((*words, *more, *arguments), {}, self.folder)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.target.conninfo()) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def world(server: TestServer, tmp_path: Path) -> Iterator[World]:
    with psycopg.connect(server.url.conninfo()) as connection:
        try:
            Clients.find(connection.info.server_version, folders())
        except ConfigurationError as error:
            pytest.skip(str(error))
    shop, crm, target = unique("shop"), unique("crm"), unique("unified")
    for name, statements in ((shop, SHOP), (crm, CRM)):
        with psycopg.connect(server.create_database(name).conninfo(), autocommit=True) as connection:
            connection.execute(statements)
    yield World(server, tmp_path, shop, crm, target)
    for name in (shop, crm, target):
        server.drop_database(name)


def test_databases_are_lifted_by_one_command(world: World) -> None:
    done = world.lift("--json")

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["verify"]["identical"]
    assert not document["nothing_to_do"]
    assert list(document["seconds"]) == ["plan", "schemas", "copy", "verify"]
    assert sum(table["read"] for table in document["copy"]["tables"]) == 51
    assert world.ask(f"SELECT total FROM {world.shop}.above") == [(1275,)]
    assert world.ask(f"SELECT nextval('{world.shop}.orders_id_seq')") == [(51,)]
    secret = world.server.url.params.get("password")
    assert not secret or secret not in (world.folder / "lift" / "lift.toml").read_text("utf-8")

    again = world.lift()
    assert again.returncode == 0, again.stderr
    assert "nothing to do: all of it was lifted before" in again.stdout


def test_materialized_views_are_filled_where_the_steps_are_called_one_by_one(world: World) -> None:
    urls = {"DATABASE_URL": world.target.plain, "LEGACY_DATABASE_URL": world.server.url.plain}
    world.server.create_database(world.target.dbname)
    words = ("--server", world.server.url.plain, "--databases", world.shop, "--name", world.target.dbname)
    init = ("lift", "init", *words)
    for step in (init, ("lift", "plan"), ("lift", "schema"), ("copy", "--lift", "lift.toml", "--json")):
        done = call(step, urls, world.folder)
        assert done.returncode == 0, done.stderr

    assert world.ask(f"SELECT total FROM {world.shop}.above") == [(1275,)]
    assert f"refreshed the materialized view {world.shop}.above" in done.stderr
    views = json.loads(done.stdout)["materialized_views"]
    assert views == {"refreshed": [f"{world.shop}.sums", f"{world.shop}.above"], "not_refreshed": []}


def test_a_lifted_service_is_backed_up_and_restored(world: World) -> None:
    assert world.lift().returncode == 0
    lifted = ("--lift", str(world.folder / "lift" / "lift.toml"), "--dir", str(world.folder / "backups"))

    def service(*arguments: str) -> Done:
        return call(("service", *arguments, *lifted), {"DATABASE_URL": world.target.plain}, world.folder)

    backed_up = service("backup", world.crm)
    assert backed_up.returncode == 0, backed_up.stderr
    with psycopg.connect(world.target.conninfo()) as connection:
        connection.execute(f"DELETE FROM {world.crm}.orders")
    restored = service("restore", world.crm, "--yes")
    assert restored.returncode == 0, restored.stderr
    assert world.ask(f"SELECT count(*) FROM {world.crm}.orders") == [(1,)]


def test_a_lift_of_other_databases_needs_a_folder_of_its_own(world: World) -> None:
    folder = str(world.folder / "lift")
    init = call(("lift", "init", "--server", world.server.url.plain, "--databases", world.shop), {}, world.folder)
    assert init.returncode == 0, init.stderr
    (world.folder / "lift").mkdir()
    (world.folder / "lift.toml").rename(world.folder / "lift" / "lift.toml")

    done = world.lift()

    assert done.returncode == 2
    assert f"database {world.crm}, schema public" in done.stderr
    assert "--dir" in done.stderr
    assert not (Path(folder) / "lift.lock").exists()


def test_what_makes_no_sense_together_is_refused(tmp_path: Path) -> None:
    mixed = call(("lift", "--server", "postgresql://h/x", "init"), {}, tmp_path)
    assert mixed.returncode == 2
    assert "--server" in mixed.stderr
    nowhere = call(("lift", "--server", "postgresql://h/x", "--databases", "a"), {}, tmp_path)
    assert nowhere.returncode == 2
    assert "--to" in nowhere.stderr
    assert "Usage" in call(("lift",), {}, tmp_path).stdout
