"""Foreign tables: as sources they are read with a warning, as targets they are refused by name."""

from collections.abc import Iterator

import pytest
from conftest import TestServer, unique
from preflight_worlds import Make, findings_in, one_finding
from psycopg import sql
from worlds import World, query, value

from payrollx_db.errors import FindingsError
from payrollx_db.postgres.url import DatabaseUrl

SERVER = """
CREATE EXTENSION postgres_fdw;
CREATE SERVER faraway FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host {host}, port {port}, dbname {dbname});
CREATE USER MAPPING FOR CURRENT_USER SERVER faraway OPTIONS (user {user}, password {password});
"""
THINGS = """
CREATE TABLE things (id integer, name text); INSERT INTO things SELECT n, 'far ' || n FROM generate_series(1, 30) n;
CREATE TABLE more (id integer, name text); INSERT INTO more SELECT n, 'more ' || n FROM generate_series(101, 120) n;
CREATE TABLE nothing (id integer, name text);
"""


@pytest.fixture
def faraway(server: TestServer) -> Iterator[sql.Composed]:
    """Statements that make a database another one's foreign server, where two tables are."""
    if not value(server.url, "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'"):
        pytest.skip("this server has no postgres_fdw")
    url = server.create_database(unique("faraway"))
    query(url, THINGS)
    yield _server(url)
    server.drop_database(url.dbname)


def _server(url: DatabaseUrl) -> sql.Composed:
    params = {"password": "", **url.params}
    return sql.SQL(SERVER).format(**{
        name: sql.Literal(params[name]) for name in ("host", "port", "dbname", "user", "password")
    })  # fmt: skip


def _foreign_source(world: World, faraway: sql.Composed, statements: str) -> None:
    query(world.urls["old"], faraway.as_string())
    query(world.urls["old"], f"DROP TABLE things; {statements}")


def test_a_foreign_table_is_copied_and_warned_of(make_world: Make, faraway: sql.Composed) -> None:
    world = make_world()
    _foreign_source(world, faraway, "CREATE FOREIGN TABLE things (id integer NOT NULL, name text) SERVER faraway")

    finding = one_finding(findings_in(world), "foreign-table", "warn")
    done = world.copy()

    assert (finding.place, finding.examples) == ("old.public.things", ("public.things",))
    assert done.run.status == "done"
    assert value(world.target, "SELECT count(*) FROM shop.things") == 30
    assert world.verify().identical


def test_a_foreign_partition_s_rows_are_copied_and_warned_of(make_world: Make, faraway: sql.Composed) -> None:
    world = make_world()
    parts = """
    CREATE TABLE things (id integer NOT NULL, name text) PARTITION BY RANGE (id);
    CREATE TABLE near PARTITION OF things FOR VALUES FROM (0) TO (100);
    CREATE TABLE others PARTITION OF things FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (id);
    CREATE FOREIGN TABLE "Fa.r%" PARTITION OF others FOR VALUES FROM (100) TO (150) SERVER faraway
      OPTIONS (table_name 'more');
    INSERT INTO things SELECT n, 'near ' || n FROM generate_series(1, 5) n;
    """
    _foreign_source(world, faraway, parts)

    finding = one_finding(findings_in(world), "foreign-table", "warn")

    assert finding.examples == ("public.Fa.r%",)
    assert world.copy().run.status == "done"
    assert value(world.target, "SELECT count(*) FROM shop.things") == 25
    assert world.verify().identical


def test_rows_of_a_table_that_inherits_from_a_foreign_one_are_its_own(make_world: Make, faraway: sql.Composed) -> None:
    """They are another table's, which the layout leaves behind here."""
    world = make_world()
    inherits = """
    CREATE FOREIGN TABLE things (id integer NOT NULL, name text) SERVER faraway;
    CREATE SCHEMA other;
    CREATE TABLE other.heirs () INHERITS (things);
    INSERT INTO other.heirs VALUES (500, 'heir');
    """
    _foreign_source(world, faraway, inherits)

    selected = world.plan().tables[0].select().as_string()

    assert query(world.urls["old"], f"SELECT count(*) FROM ({selected}) AS rows") == [(30,)]


TARGETS = {
    "table": """
    DROP TABLE shop.things;
    CREATE FOREIGN TABLE shop.things (id integer, name text) SERVER faraway
      OPTIONS (schema_name 'public', table_name 'nothing');
    """,
    "partition": """
    DROP TABLE shop.things;
    CREATE TABLE shop.things (id integer, name text) PARTITION BY RANGE (id);
    CREATE TABLE shop.near PARTITION OF shop.things FOR VALUES FROM (0) TO (10) PARTITION BY LIST (id);
    CREATE TABLE shop.rest PARTITION OF shop.things DEFAULT;
    CREATE FOREIGN TABLE shop.far PARTITION OF shop.near DEFAULT SERVER faraway
      OPTIONS (schema_name 'public', table_name 'nothing');
    """,
}


def test_a_foreign_target_is_refused_though_its_server_answers_nobody(make_world: Make, faraway: sql.Composed) -> None:
    """Whether it is empty isn't asked: nobody would answer, or it would take minutes."""
    world = make_world()
    query(world.target, faraway.as_string() + TARGETS["table"] + "ALTER SERVER faraway OPTIONS (SET port '1')")

    with pytest.raises(FindingsError, match="blocks the copy") as caught:
        world.copy()

    assert "foreign-table" in caught.value.details[0]


@pytest.mark.parametrize(("shape", "named"), [("table", "shop.things"), ("partition", "shop.far")])
def test_a_foreign_target_is_refused_by_name(make_world: Make, faraway: sql.Composed, shape: str, named: str) -> None:
    world = make_world()
    query(world.urls["old"], "INSERT INTO things VALUES (1, 'one'), (20, 'two')")
    query(world.target, faraway.as_string())
    query(world.target, TARGETS[shape])
    environment = {"PAYROLLX_CATALOG": "preflight_worlds:CATALOG", "PAYROLLX_FROM": "preflight_worlds:LAYOUT"}

    finding = one_finding(findings_in(world), "foreign-table", "block")
    done = world.command("copy", env=environment)

    assert (finding.place, finding.examples) == (f"{world.target.dbname}.shop.things", (named,))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "foreign-table" in done.stdout + done.stderr
    assert value(world.target, "SELECT count(*) FROM shop.things") == 0
    assert not value(world.target, "SELECT pg_catalog.to_regclass('payrollx_meta.runs') IS NOT NULL")
