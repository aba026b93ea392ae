"""Functions that a rule of the target calls out of sight, and columns that an index only has beside its key."""

import pytest
from psycopg import sql
from rule_worlds import MakeTables
from test_target_rules import findings_of, named
from worlds import World, query, value

from payrollx_db.model.policy import Policies

SOURCE = """
CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL, tenant integer);
INSERT INTO people VALUES (1, 'ann', 1), (2, 'ANN', 1), (3, 'bob', NULL), (4, 'Bob', NULL);
"""
COLUMNS = {"people": {"id": "integer", "name": "text", "tenant": "integer?"}}
HELPER = """
CREATE SCHEMA util;
CREATE FUNCTION util.size(text) RETURNS integer IMMUTABLE LANGUAGE sql AS $$ SELECT pg_catalog.length($1) $$;
CREATE FUNCTION util."Of"(text) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN size($1); END $$;
"""
COMPARING = """
CREATE FUNCTION util.compared(text, text) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
  $$ BEGIN RETURN size($1) - size($2); END $$;
CREATE OPERATOR CLASS util.by_size FOR TYPE text USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 util.compared(text, text);
CREATE TABLE app.people (id integer PRIMARY KEY, name text NOT NULL, tenant integer);
CREATE INDEX by_size ON app.people (name util.by_size);
"""
CALLING = {
    "a domain over a domain": """
        CREATE DOMAIN app.short AS text CHECK (util."Of"(VALUE) < 9);
        CREATE DOMAIN app.name AS app.short CHECK (VALUE <> '');
        CREATE TABLE app.people (id integer PRIMARY KEY, name app.name NOT NULL, tenant integer);
    """,
    "a key of partitions": """
        CREATE TABLE app.people (id integer, name text NOT NULL, tenant integer) PARTITION BY RANGE (util."Of"(name));
        CREATE TABLE app.people_short PARTITION OF app.people FOR VALUES FROM (0) TO (9);
    """,
}


@pytest.mark.parametrize("rule", CALLING)
def test_a_function_of_a_domain_or_a_key_is_named_with_what_mends_it(make_tables: MakeTables, rule: str) -> None:
    world = make_tables(SOURCE, HELPER + CALLING[rule], COLUMNS)

    (finding,) = findings_of(world)
    assert finding.code == "function"
    assert finding.sql.startswith('ALTER FUNCTION util."Of"(text) SET search_path = util')

    query(world.target, sql.SQL(finding.sql).as_string())
    world.copy()
    assert world.verify().identical


def test_a_function_by_which_an_index_compares_is_tried_too(make_tables: MakeTables) -> None:
    world = make_tables(SOURCE, HELPER + COMPARING, COLUMNS)

    (finding,) = findings_of(world)
    assert finding.sql.startswith("ALTER FUNCTION util.compared(text,text) SET search_path = util")

    query(world.target, sql.SQL(finding.sql).as_string())
    assert findings_of(world) == []
    world.copy()
    assert world.verify().identical


BESIDE = {
    "under an expression": "CREATE UNIQUE INDEX one ON app.people (lower(name)) INCLUDE (name, id)",
    "under a predicate": "CREATE UNIQUE INDEX one ON app.people (lower(name)) INCLUDE (tenant, id) WHERE tenant > 0",
    "alone": "CREATE UNIQUE INDEX one ON app.people (lower(name)) INCLUDE (id, tenant)",
}


@pytest.mark.parametrize("place", BESIDE)
def test_a_unique_reads_columns_that_are_included_too(make_tables: MakeTables, place: str) -> None:
    table = "CREATE TABLE app.people (id integer PRIMARY KEY, name text NOT NULL, tenant integer);"
    world = make_tables(SOURCE, f"{table} {BESIDE[place]}", COLUMNS)
    partial = place == "under a predicate"

    columns = "people.name+tenant" if partial else "people.name"
    assert named(findings_of(world)) == {("duplicate", columns): {"2"} if partial else {"2", "4"}}
    _copied_without_duplicates(world, 3 if partial else 2)


def test_the_key_of_a_partition_may_be_included_in_its_unique(make_tables: MakeTables) -> None:
    target = """
    CREATE TABLE app.people (id integer, name text NOT NULL, tenant integer) PARTITION BY LIST (tenant);
    CREATE TABLE app.people_1 PARTITION OF app.people FOR VALUES IN (1);
    CREATE TABLE app.people_rest PARTITION OF app.people DEFAULT;
    CREATE UNIQUE INDEX one ON app.people_1 (lower(name)) INCLUDE (tenant);
    """
    world = make_tables(SOURCE, target, COLUMNS)

    assert named(findings_of(world)) == {("duplicate", "people.name+tenant"): {"2"}}
    _copied_without_duplicates(world, 3)


def test_a_default_partition_alone_takes_every_row(make_tables: MakeTables) -> None:
    target = """
    CREATE TABLE app.people (id integer, name text NOT NULL, tenant integer) PARTITION BY LIST (tenant);
    CREATE TABLE app.people_rest PARTITION OF app.people DEFAULT;
    """
    world = make_tables(SOURCE, target, COLUMNS)

    assert findings_of(world) == []
    world.copy()
    assert world.verify().identical


def _copied_without_duplicates(world: World, count: int) -> None:
    world.copy_with(world.task(), Policies.read(["duplicate=quarantine"]))
    assert value(world.target, "SELECT count(*) FROM app.people") == count
    assert world.verify().identical
