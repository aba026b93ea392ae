"""References as the target's own foreign keys say them: of several columns, of other types, undeclared ones."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from rule_worlds import MakeTables
from test_target_rules import findings_of, named
from worlds import query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.check.references import ReferenceWorkspace
from payrollx_db.errors import FindingsError
from payrollx_db.model.catalog import Reference
from payrollx_db.model.policy import Policies

SOURCE = """
CREATE TABLE regions (id integer, country text, rate numeric, name text, PRIMARY KEY (id, country));
INSERT INTO regions VALUES (1, 'de', 1.0, 'north'), (1, 'at', 2.50, 'east');
CREATE TABLE shops (id integer PRIMARY KEY, region integer, country text);
INSERT INTO shops VALUES (1, 1, 'de'), (2, 1, 'ch'), (3, 2, 'de'), (4, NULL, 'ch'), (5, NULL, NULL);
CREATE TABLE full_shops (id integer PRIMARY KEY, region integer, country text);
INSERT INTO full_shops VALUES (1, 1, 'de'), (2, 1, 'ch'), (4, NULL, 'ch'), (5, NULL, NULL);
CREATE TABLE rates (id integer PRIMARY KEY, rate numeric, name text);
INSERT INTO rates VALUES (1, 1.00, 'north'), (2, 2.5, 'east'), (3, 9.0, 'east'), (4, 9.00, 'none');
CREATE TABLE staff (id integer PRIMARY KEY, chief integer);
INSERT INTO staff VALUES (1, NULL), (2, 1), (3, 99), (4, 3), (5, 5);
CREATE TABLE prices (id integer PRIMARY KEY, rate numeric NOT NULL UNIQUE);
INSERT INTO prices VALUES (1, 1.0), (2, 2.50);
"""
TARGET = """
CREATE TABLE app.prices (id integer PRIMARY KEY, rate numeric NOT NULL UNIQUE);
CREATE TABLE app.regions (id integer, country text, rate numeric, name text, PRIMARY KEY (country, id));
CREATE TABLE app.shops (id integer PRIMARY KEY, region bigint, country text,
  FOREIGN KEY (region, country) REFERENCES app.regions (id, country));
CREATE TABLE app.full_shops (id integer PRIMARY KEY, region integer, country text,
  FOREIGN KEY (country, region) REFERENCES app.regions (country, id) MATCH FULL);
CREATE TABLE app.rates (id integer PRIMARY KEY, rate numeric REFERENCES app.prices (rate), name text);
CREATE TABLE app.staff (id integer PRIMARY KEY, chief integer REFERENCES app.staff);
"""
TABLES = {
    "regions": {"id": "integer", "country": "text", "rate": "numeric?", "name": "text?"},
    "shops": {"id": "integer", "region": "integer?", "country": "text?"},
    "full_shops": {"id": "integer", "region": "integer?", "country": "text?"},
    "rates": {"id": "integer", "rate": "numeric?", "name": "text?"},
    "prices": {"id": "integer", "rate": "numeric"},
    "staff": {"id": "integer", "chief": "integer?"},
}

# The target fills what these foreign keys are over: it computes the one, and has a default for the other.
FILLED_THERE = """
CREATE TABLE app.prices (id integer PRIMARY KEY, rate numeric NOT NULL UNIQUE);
CREATE TABLE app.staff (id integer PRIMARY KEY, chief integer, next integer GENERATED ALWAYS AS (chief * 2) STORED
  REFERENCES app.prices);
CREATE TABLE app.rates (id integer PRIMARY KEY, rate numeric, name text, price integer DEFAULT 3 REFERENCES app.prices);
"""


def test_orphans_of_two_keys_over_one_column_are_both_named(make_tables: MakeTables) -> None:
    """Though what is said of the one is the beginning of what is said of the other."""
    keys = ("CONSTRAINT {} REFERENCES app.a", "CONSTRAINT {} REFERENCES app.ab")
    first, second = (" ".join(k.format(n) for k, n in zip(keys, names, strict=True)) for names in ("xy", "yx"))
    shape = "CREATE TABLE {0} (id integer PRIMARY KEY);"
    world = make_tables(
        f"{shape.format('a')}{shape.format('ab')} INSERT INTO a VALUES (2); INSERT INTO ab VALUES (1);"
        "CREATE TABLE t (id integer PRIMARY KEY, v integer); INSERT INTO t VALUES (1, 1), (2, 2);"
        "CREATE TABLE u (id integer PRIMARY KEY, v integer); INSERT INTO u VALUES (1, 1), (2, 2)",
        f"{shape.format('app.a')}{shape.format('app.ab')}"
        f"CREATE TABLE app.t (id integer PRIMARY KEY, v integer {first});"
        f"CREATE TABLE app.u (id integer PRIMARY KEY, v integer {second})",
        {name: {"id": "integer"} for name in ("a", "ab")} | {name: {"id": "integer", "v": "integer?"} for name in "tu"},
    )

    assert named(findings_of(world)) == {("orphan", "t.v"): {"1", "2"}, ("orphan", "u.v"): {"1", "2"}}


def test_orphans_of_columns_that_the_target_fills_are_named(make_tables: MakeTables) -> None:
    tables = {name: TABLES[name] for name in ("prices", "staff", "rates")}
    gone = "DROP TABLE regions, shops, full_shops; DELETE FROM rates WHERE id > 2"
    world = make_tables(f"{SOURCE}; {gone}", FILLED_THERE, tables, new={"rates": ("price",)})

    found = findings_of(world)

    assert {(f.code, f.place.split(".", 2)[2]): set(f.examples) for f in found} == {
        ("orphan", "staff.chief"): {"3", "4", "5"}, ("orphan", "rates"): {"1", "2"},
    }  # fmt: skip
    world.copy_with(world.task(), Policies.read(["orphan=quarantine"]))
    assert query(world.target, "SELECT id FROM app.staff ORDER BY id") == [(1,), (2,)]
    assert value(world.target, "SELECT count(*) FROM app.rates") == 0
    assert world.verify().identical


def test_orphans_of_every_foreign_key_are_named(make_tables: MakeTables) -> None:
    world = make_tables(SOURCE, TARGET, TABLES)

    found = findings_of(world)

    assert named(found) == {
        ("orphan", "shops.region+country"): {'["1", "ch"]', '["2", "de"]'},
        ("orphan", "full_shops.country+region"): {"4", '["ch", "1"]'},
        ("orphan", "rates.rate"): {"9.0", "9.00"},
        ("orphan", "staff.chief"): {"99"},
    }
    assert {f.place.split(".")[3]: f.count for f in found if f.code == "orphan"} == {
        "region+country": 2, "country+region": 2, "rate": 2, "chief": 1,
    }  # fmt: skip
    world.copy_with(world.task(), Policies.read(["orphan=quarantine"]))
    kept = "SELECT array_agg(id ORDER BY id) FROM app."
    assert value(world.target, f"{kept}shops") == [1, 4, 5]
    assert value(world.target, f"{kept}full_shops") == [1, 5]
    assert value(world.target, f"{kept}rates") == [1, 2]
    assert value(world.target, f"{kept}staff") == [1, 2, 5]
    assert world.verify().identical


def test_policy_null_fits_what_the_foreign_key_takes(make_tables: MakeTables) -> None:
    world = make_tables(SOURCE, TARGET, TABLES)
    offered = {one.place: one.policies for one in findings_of(world) if one.code == "orphan"}
    assert set(offered.values()) == {("quarantine", "null")}

    world.copy_with(world.task(), Policies.read(["orphan=null"]))

    assert query(world.target, "SELECT * FROM app.full_shops ORDER BY id") == [
        (1, 1, "de"), (2, None, None), (4, None, None), (5, None, None),
    ]  # fmt: skip
    assert value(world.target, "SELECT chief FROM app.staff WHERE id = 3") is None
    assert world.verify().identical


def test_rows_that_the_source_s_own_foreign_key_has_missed_are_named_when_the_copy_fails(
    make_tables: MakeTables,
) -> None:
    """Rows that came in while triggers were off break a foreign key that the source calls valid."""
    source = (
        "CREATE TABLE shops (id integer PRIMARY KEY);"
        "CREATE TABLE staff (id integer PRIMARY KEY, shop integer REFERENCES shops);"
        "INSERT INTO shops VALUES (1); SET session_replication_role = replica; INSERT INTO staff VALUES (1, 1), (2, 9)"
    )
    target = (
        "CREATE TABLE app.shops (id integer PRIMARY KEY);"
        "CREATE TABLE app.staff (id integer PRIMARY KEY, shop integer REFERENCES app.shops);"
    )
    world = make_tables(source, target, {"shops": {"id": "integer"}, "staff": {"id": "integer", "shop": "integer?"}})

    with pytest.raises(FindingsError) as refused:
        world.copy()

    assert [line.split(":")[0] for line in refused.value.details] == ["orphan old.public.staff.shop"]
    assert value(world.target, "SELECT count(*) FROM app.shops") == 0


def test_a_target_that_holds_no_rows_to_its_keys_validates_them(make_tables: MakeTables) -> None:
    """Small tables keep their keys, and a login that is a replica's writes past them."""
    world = make_tables(
        "CREATE TABLE staff (id integer PRIMARY KEY, chief integer); INSERT INTO staff VALUES (1, 99)",
        "CREATE TABLE app.staff (id integer PRIMARY KEY, chief integer REFERENCES app.staff)",
        {"staff": TABLES["staff"]},
    )
    query(world.target, f'ALTER DATABASE "{world.target.dbname}" SET session_replication_role = replica')

    with pytest.raises(FindingsError) as refused:
        asyncio.run(pipeline.copy(replace(world.task(), check_rows="never")))

    assert [line.split(":")[0] for line in refused.value.details] == ["orphan old.public.staff.chief"]
    assert value(world.target, "SELECT count(*) FROM app.staff") == 0


def test_after_a_copy_that_failed_only_what_a_source_s_own_keys_do_not_keep_is_compared(
    make_tables: MakeTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comparing each reference of hundreds of tables one by one takes minutes in which nobody knows what is wrong."""
    table = "CREATE TABLE {0}t{1} (id integer PRIMARY KEY, above integer REFERENCES {0}t{2});"
    names = [f"t{number}" for number in range(6)]
    source, target = (
        f"CREATE TABLE {schema}t0 (id integer PRIMARY KEY, above integer);"
        + "".join(table.format(schema, number, number - 1) for number in range(1, 6))
        for schema in ("", "app.")
    )
    rows = "".join(f"INSERT INTO {name} VALUES (1, 1), (2, NULL);" for name in names)
    lie = "SET session_replication_role = replica; UPDATE t4 SET above = 99 WHERE id = 2"
    world = make_tables(source + rows + lie, target, {name: {"id": "integer", "above": "integer?"} for name in names})
    compared: list[str] = []
    parents = ReferenceWorkspace.parents

    async def noted(workspace: ReferenceWorkspace, reference: Reference, *ends: Any, **how: Any) -> str:
        compared.append(reference.table)
        return await parents(workspace, reference, *ends, **how)

    monkeypatch.setattr(ReferenceWorkspace, "parents", noted)

    with pytest.raises(FindingsError) as refused:
        asyncio.run(pipeline.copy(replace(world.task(), check_rows="never")))

    assert [line.split(":")[0] for line in refused.value.details] == ["orphan old.public.t4.above"]
    assert set(compared) == {"app.t4"}
