"""``check --online`` of tables: whose rows the log can't name, and what the layout says; each trouble is real."""

from dataclasses import replace

import pytest
from conftest import TestServer, unique
from online_checks import (
    ODD,
    examine,
    fixed,
    obstacles,
    one,
    run,
    state_of,
    with_duplicate,
)
from worlds import World, value

from payrollx_db.model.policy import Policies
from payrollx_db.postgres.url import DatabaseUrl

NO_IDENTITY = "55000"  # what the application meets when it updates a published row that the log can't name

# -- tables whose rows the log can't name ---------------------------------------------------------------


def published(name: str, columns: str = "") -> str:
    return f'CREATE PUBLICATION payrollx FOR TABLE ONLY "{name}" {columns}'


def update_state(url: DatabaseUrl, name: str, *, columns: str = "", update: str = "") -> str:
    """Publish a table, and update it as its application would; return the SQLSTATE with which one is refused."""
    quoted = name.replace('"', '""')
    if int(value(url, "SHOW server_version_num")) < 150000:
        columns = ""  # as the tool publishes whole rows there
    change = update or f"""UPDATE "{quoted}" SET name = 'changed'"""
    try:
        return state_of(url, published(quoted, columns), change)
    finally:
        run(url, "DROP PUBLICATION IF EXISTS payrollx")


@pytest.mark.parametrize("name", ["keyless", "nothing", "deferred", ODD])
def test_a_table_whose_own_updates_would_fail(troubled: World, name: str) -> None:
    old = troubled.urls["old"]
    quoted = name.replace('"', '""')
    run(old, f"""INSERT INTO "{quoted}" VALUES (1, 'one')""")
    code = "no-key" if name == "keyless" else "replica-identity"
    found = one(examine(troubled), code, f"old.public.{name}")
    assert found.hinders == ("follow",)
    assert update_state(old, name) == NO_IDENTITY

    fixed(old, found)
    columns = "" if name == "deferred" else "(id)"  # with REPLICA IDENTITY FULL it takes no list
    assert update_state(old, name, columns=columns) == ""
    assert f"old.public.{name}" not in obstacles(examine(troubled), code)


def test_a_partition_whose_updates_would_fail(troubled: World) -> None:
    old = troubled.urls["old"]
    run(old, "INSERT INTO parted VALUES (1, 'low'), (11, 'high')")
    found = one(examine(troubled), "replica-identity", "old.public.parted_high")
    publish = "CREATE PUBLICATION payrollx FOR TABLE parted WITH (publish_via_partition_root)"
    assert state_of(old, publish, "UPDATE parted SET name = 'changed'") == NO_IDENTITY

    fixed(old, found)
    assert state_of(old, "UPDATE parted SET name = 'changed'", "DROP PUBLICATION payrollx") == ""


def test_a_table_without_any_unique_is_for_people(troubled: World) -> None:
    found = one(examine(troubled), "no-key", "old.public.nameless").finding

    assert found.sql == ""
    assert "discards it" in found.remedy


def test_an_identity_of_all_columns_takes_no_list(troubled: World) -> None:
    old = troubled.urls["old"]
    run(old, "INSERT INTO whole VALUES (1, 'one')")
    assert one(examine(troubled), "whole-rows", "old.public.whole", "info")

    if value(old, "SELECT current_setting('server_version_num')::int") >= 150000:
        assert update_state(old, "whole", columns="(id)") == "42P10"
    assert update_state(old, "whole") == ""


def test_a_key_that_is_computed(troubled: World) -> None:
    old = troubled.urls["old"]
    version = value(old, "SELECT current_setting('server_version_num')::int")
    found = obstacles(examine(troubled), "generated-key")
    if version >= 180000:
        assert found == {}
        assert update_state(old, "computed", columns="(id)") == ""
        return
    if version >= 150000:
        assert state_of(old, published("computed", "(id)")) != ""
    fixed(old, found["old.public.computed"])
    assert update_state(old, "computed", columns="(id)" if version >= 150000 else "") == ""
    assert obstacles(examine(troubled), "generated-key") == {}


def test_tables_that_no_log_has(troubled: World) -> None:
    old = troubled.urls["old"]
    answer = examine(troubled)
    assert one(answer, "foreign-table", "old.public.distant").hinders == ("follow", "fence")
    assert state_of(old, "CREATE PUBLICATION payrollx FOR TABLE distant") != ""

    found = one(answer, "unlogged", "old.public.unlogged")
    assert update_state(old, "unlogged", columns="(id)") != ""
    fixed(old, found)
    assert update_state(old, "unlogged", columns="(id)") == ""
    assert obstacles(examine(troubled), "unlogged") == {}


# -- what the layout says ------------------------------------------------------------------------------


def test_keys_that_lead_to_no_row_of_the_target(troubled: World) -> None:
    found = obstacles(examine(troubled), "follow-target-key")

    assert set(found) == {"shop.recoded"}
    assert (found["shop.recoded"].database, found["shop.recoded"].hinders) == ("old", ("follow",))


def test_a_lookup_that_is_not_by_the_primary_key(troubled: World) -> None:
    found = obstacles(examine(troubled), "follow-lookup")
    assert set(found) == {"old.public.looker"}
    assert found["old.public.looker"].hinders == ("follow",)

    old = troubled.urls["old"]
    run(old, "ALTER TABLE looked DROP CONSTRAINT looked_pkey, ADD PRIMARY KEY (code)")
    assert obstacles(examine(troubled), "follow-lookup") == {}
    run(old, "ALTER TABLE looked DROP CONSTRAINT looked_pkey, ADD PRIMARY KEY (id)")


def test_policies_that_compare_two_databases(simple: World, server: TestServer) -> None:
    second = server.create_database(unique("online"))
    try:
        run(second, "CREATE TABLE plain (id int PRIMARY KEY, name text)")
        world = replace(simple, urls={**simple.urls, "second": second}, layout=with_duplicate(simple.layout))
        refused = examine(world, Policies.read(["drift=newest"]))
        assert set(obstacles(refused, "policy")) == {"second"}
        assert obstacles(examine(world, Policies.read(["drift=owner", "stranded=owner"])), "policy") == {}
        assert one(refused, "shared-server", severity="info").finding.examples == ("old", "second")
    finally:
        server.drop_database(second.dbname)
