"""Orphans that a source's own foreign keys have missed, and what falls with them: cycles, subtrees, composite keys."""

from dataclasses import replace

import psycopg
import pytest
from rule_worlds import MakeTables
from test_target_rules import findings_of
from worlds import World, query, value

from payrollx_db.consolidate.pipeline import Report
from payrollx_db.errors import FindingsError
from payrollx_db.model.policy import Policies

# Loaded as by a restore without triggers: the keys stay valid by name.
KEYS = """
ALTER TABLE {0}accounts ADD CONSTRAINT of_user FOREIGN KEY ("userId") REFERENCES {0}users (id);
ALTER TABLE {0}users ADD CONSTRAINT main FOREIGN KEY (main) REFERENCES {0}accounts (id);
ALTER TABLE {0}folders ADD CONSTRAINT in_folder FOREIGN KEY (parent) REFERENCES {0}folders (id);
ALTER TABLE {0}lines ADD CONSTRAINT of_order FOREIGN KEY (shop, number) REFERENCES {0}orders (shop, number);
ALTER TABLE {0}orders ADD CONSTRAINT of_folder FOREIGN KEY (folder) REFERENCES {0}folders (id);
"""
TABLES = """
CREATE TABLE {0}users (id integer PRIMARY KEY, main integer);
CREATE TABLE {0}accounts (id integer PRIMARY KEY, "userId" integer NOT NULL);
CREATE TABLE {0}folders (id integer PRIMARY KEY, parent integer);
CREATE TABLE {0}orders (shop integer, number text, folder integer, at {1} UNIQUE, PRIMARY KEY (shop, number));
CREATE TABLE {0}lines (id integer PRIMARY KEY, shop integer, number text);
"""
ROWS = """
SET session_replication_role = replica;
INSERT INTO users VALUES (1, 1), (2, 99), (3, 7);
INSERT INTO accounts SELECT id, id FROM generate_series(1, 20) AS id;
UPDATE accounts SET "userId" = 2 WHERE id = 1;
INSERT INTO folders VALUES (1, NULL), (2, 1), (3, 77), (4, 3), (5, 4), (6, 5), (7, 7);
INSERT INTO orders VALUES
  (1, 'a', 1, '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6a'), (1, 'b', 6, NULL), (2, 'a', 7, NULL), (2, 'b', 1, 'none');
INSERT INTO lines VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'a'), (4, 2, 'b'), (5, 9, 'a'), (6, NULL, 'x');
"""
COLUMNS = {
    "users": {"id": "integer", "main": "integer?"},
    "accounts": {"id": "integer", "userId": "integer"},
    "folders": {"id": "integer", "parent": "integer?"},
    "orders": {"shop": "integer", "number": "text", "folder": "integer?", "at": "text?"},
    "lines": {"id": "integer", "shop": "integer?", "number": "text?"},
}


BLIND = "CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
OTHER_SOURCE = """
CREATE TABLE codes (code text {0} PRIMARY KEY);
CREATE TABLE uses (id integer PRIMARY KEY, code text {0} REFERENCES codes);
CREATE TABLE notes (uses integer REFERENCES uses);
INSERT INTO codes VALUES ('a'), ('b');
SET session_replication_role = {1};
INSERT INTO uses VALUES (1, 'A'), (2, 'b');
INSERT INTO notes VALUES (1), (2);
"""
OTHER_TARGET = """
CREATE TABLE app.codes (code text PRIMARY KEY);
CREATE TABLE app.uses (id integer PRIMARY KEY, code text REFERENCES app.codes);
CREATE TABLE app.notes (uses integer REFERENCES app.uses);
"""
OTHER_TABLES = {
    "codes": {"code": "text"},
    "uses": {"id": "integer", "code": "text?"},
    "notes": {"uses": "integer?"},
}


def loaded(make_tables: MakeTables) -> World:
    source = TABLES.format("", "text") + KEYS.format("") + ROWS
    return make_tables(source, TABLES.format("app.", "uuid") + KEYS.format("app."), COLUMNS)


def ids(world: World, table: str) -> list[int]:
    return [number for (number,) in query(world.target, f"SELECT id FROM app.{table} ORDER BY id")]


def balanced(report: Report) -> bool:
    return all(table.rows_read == table.rows_written + table.rows_quarantined for table in report.tables)


@pytest.mark.parametrize("small_tables", [pytest.param(0, marks=pytest.mark.long), 1_000_000])
def test_orphans_that_valid_keys_of_the_source_have_missed_are_quarantined_with_all_that_refers_to_them(
    make_tables: MakeTables, small_tables: int
) -> None:
    world = loaded(make_tables)
    world.small_tables = small_tables
    places = {f.place.removeprefix("old.public.") for f in findings_of(world) if f.code == "orphan"}
    assert places == {"accounts.userId", "users.main", "folders.parent", "lines.shop+number"}

    with pytest.raises(FindingsError):
        world.copy()
    report = world.copy_with(world.task(), Policies.read(["orphan=quarantine", "unconvertible=quarantine"]))

    # User 2 has no main account, so account 1 falls, and user 1 with it; user 3 falls with account 7.
    assert (ids(world, "users"), ids(world, "accounts")) == ([], [])
    assert ids(world, "folders") == [1, 2, 7]
    assert query(world.target, "SELECT shop, number FROM app.orders ORDER BY 1, 2") == [(1, "a"), (2, "a")]
    assert ids(world, "lines") == [1, 3, 6]
    assert balanced(report)
    assert world.verify().identical


def test_orphans_that_valid_keys_of_the_source_have_missed_lose_their_reference_where_the_policy_says_so(
    make_tables: MakeTables,
) -> None:
    world = loaded(make_tables)
    policies = ["orphan=null", "orphan:accounts.userId=quarantine", "unconvertible=quarantine"]

    report = world.copy_with(world.task(), Policies.read(policies))

    assert query(world.target, "SELECT * FROM app.users ORDER BY id") == [(1, 1), (2, None), (3, None)]
    assert ids(world, "accounts") == [1, 2, 3]
    assert value(world.target, "SELECT parent FROM app.folders WHERE id = 3") is None
    assert (len(ids(world, "folders")), len(ids(world, "lines"))) == (7, 6)
    assert balanced(report)
    assert world.verify().identical


@pytest.mark.long
def test_rows_that_a_copy_has_not_checked_are_named_with_the_way_by_which_the_policy_resolves_them(
    make_tables: MakeTables,
) -> None:
    world = loaded(make_tables)
    policies = Policies.read(["orphan=quarantine", "unconvertible=quarantine"])
    query(world.urls["old"], "DELETE FROM lines WHERE id = 4; DELETE FROM orders WHERE at = 'none'")

    with pytest.raises(FindingsError) as refused:
        world.copy_with(replace(world.task(), check_rows="never"), policies)

    assert any(line.startswith("orphan old.public.folders.parent:") for line in refused.value.details)
    assert "--check-rows always" in refused.value.hint
    assert balanced(world.copy_with(world.task(), policies))


def test_a_key_of_the_source_says_nothing_of_values_that_the_target_tells_apart(make_tables: MakeTables) -> None:
    try:
        world = make_tables(BLIND + OTHER_SOURCE.format("COLLATE blind", "origin"), OTHER_TARGET, OTHER_TABLES)
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("this server is built without ICU")
    query(world.urls["old"], "DELETE FROM notes")

    assert [(f.code, f.place) for f in findings_of(world)] == [("orphan", "old.public.uses.code")]
    assert balanced(world.copy_with(world.task(), Policies.read(["orphan=quarantine"])))
    assert ids(world, "uses") == [2]
    assert world.verify().identical


def test_orphans_without_a_primary_key_are_refused_whatever_the_policy(make_tables: MakeTables) -> None:
    """No decision could name them: the copy would only fail at its end."""
    world = make_tables(OTHER_SOURCE.format("", "replica"), OTHER_TARGET, OTHER_TABLES)

    with pytest.raises(FindingsError) as refused:
        world.copy_with(world.task(), Policies.read(["orphan=quarantine"]))

    (line,) = refused.value.details
    assert line.startswith("orphan old.public.notes.uses: 1 row, rows that refer to quarantined rows of app.uses")
    assert "no primary key" in line
