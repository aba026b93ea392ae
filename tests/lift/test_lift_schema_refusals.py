"""What `lift schema` refuses, and what it leaves behind."""

import json
from dataclasses import replace

import pytest
from command_line import call
from conftest import TestServer, unique
from lifted_worlds import OURS, SCHEMAS, SHOP, LiftedWorld, rows, run_script

from payrollx_db.devserver.programs import Programs, folders
from payrollx_db.postgres.databases import create_database, server_version
from payrollx_db.postgres.url import DatabaseUrl


def test_a_source_that_changed_since_it_was_lifted_is_refused(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    run_script(source, SHOP)
    lifted_world.add(source, "shop")
    assert lifted_world.schema().returncode == 0
    run_script(source, "ALTER TABLE bill ADD COLUMN paid boolean")
    done = lifted_world.schema()
    assert done.returncode == 6
    assert "changed since shop was lifted from it" in done.stderr


def test_a_target_schema_with_other_tables_is_refused_by_name(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    run_script(source, SHOP)
    run_script(lifted_world.target, 'CREATE TABLE "Other one" (id integer)', "shop")
    lifted_world.add(source, "shop")
    done = lifted_world.schema()
    assert done.returncode == 6
    assert 'shop."Other one"' in done.stderr
    assert rows(lifted_world.target, OURS) == ["shop.Other one"]


def test_a_name_that_the_target_s_public_has_already_is_named(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    run_script(source, SHOP)
    run_script(lifted_world.target, "CREATE TABLE bill (id integer)")
    lifted_world.add(source, "shop")
    done = lifted_world.schema()
    assert done.returncode == 6
    assert "public.bill" in done.stderr
    assert rows(lifted_world.target, OURS) == ["public.bill"]


def test_a_policy_for_a_role_that_is_not_there_is_named(lifted_world: LiftedWorld, older_server: DatabaseUrl) -> None:
    elsewhere = create_database(older_server, unique("policies"))
    run_script(elsewhere, SHOP + "CREATE ROLE clerk; CREATE POLICY own ON bill TO clerk USING (true)")
    lifted_world.add(elsewhere, "shop")
    done = lifted_world.schema()
    assert done.returncode == 3
    assert "the role clerk, which the policy own on public.bill is for" in done.stderr
    assert rows(lifted_world.target, SCHEMAS) == ["public"]


def test_a_role_that_may_not_read_all_tables_is_told_which(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    reader = f"{lifted_world.owner}_login"
    run_script(source, SHOP + f"CREATE ROLE {reader} LOGIN PASSWORD 'x'; GRANT SELECT ON customer TO {reader}")
    lifted_world.add(replace(source, params={**source.params, "user": reader, "password": "x"}), "shop")
    done = lifted_world.schema()
    run_script(source, f"DROP OWNED BY {reader}")
    assert done.returncode == 4
    assert "read public.bill" in done.stderr


def test_programs_older_than_the_source_are_named(
    lifted_world: LiftedWorld, source: DatabaseUrl, older_server: DatabaseUrl
) -> None:
    older = server_version(older_server).split(".")[0]
    (folder,) = [folder for folder in folders() if (programs := Programs.at(folder)) and programs.major == older][:1]
    lifted_world.add(source, "shop")
    lifted_world.environment["PAYROLLX_PG_BIN"] = str(folder)
    done = lifted_world.schema()
    assert done.returncode == 2
    assert f"there is only that of Postgres {older}" in done.stderr


def test_what_is_left_behind_is_not_made(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    run_script(source, SHOP)
    lifted_world.add(source, "shop", left_behind='customer = "elsewhere"')
    needed = lifted_world.schema()
    assert needed.returncode == 3
    assert "rich" in needed.stderr
    lifted_world.sources.clear()
    lifted_world.add(source, "shop", left_behind='customer = "a"\nrich = "b"\n"bill.customer_id" = "c"')
    done = lifted_world.schema()
    assert done.returncode == 0, done.stderr
    assert "of_customer" in done.stderr
    columns = (
        "SELECT attname FROM pg_attribute WHERE attrelid = 'shop.bill'::regclass AND attnum > 0 AND NOT attisdropped"
    )
    assert rows(lifted_world.target, columns) == ["id"]
    assert rows(lifted_world.target, "SELECT to_regclass('shop.customer')::text") == [None]


def test_a_foreign_table_whose_server_is_not_there(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    run_script(
        source,
        SHOP + "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;"
        "CREATE FOREIGN TABLE there (id integer DEFAULT 5) SERVER far; COMMENT ON FOREIGN TABLE there IS 'far';"
        "COMMENT ON COLUMN there.id IS 'its'; CREATE TABLE here (id integer)",
    )
    lifted_world.add(source, "shop")
    done = lifted_world.schema()
    assert done.returncode == 0, done.stderr
    assert "the foreign table public.there is left behind: the target has no server far" in done.stderr
    assert "shop.here" in rows(lifted_world.target, OURS)


def test_a_view_over_what_is_left_behind_can_be_left_behind_too(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    far = "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w"
    run_script(source, f"{far}; CREATE FOREIGN TABLE there (id integer) SERVER far; CREATE TABLE here (id integer)")
    run_script(source, "CREATE VIEW shown AS SELECT id FROM there; COMMENT ON VIEW shown IS 'far'")
    lifted_world.add(source, "shop")
    refused = lifted_world.schema()
    assert refused.returncode == 5
    assert "CREATE VIEW public.shown" in refused.stderr
    lifted_world.sources.clear()
    lifted_world.add(source, "shop", left_behind='shown = "over there"')
    done = lifted_world.schema()
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_what_an_older_server_does_not_know_is_no_fault_of_the_url(
    lifted_world: LiftedWorld, server: TestServer, source: DatabaseUrl, older_server: DatabaseUrl
) -> None:
    server.needs(18, "generated column that isn't stored")
    run_script(source, "CREATE TABLE bill (id integer, twice integer GENERATED ALWAYS AS (id * 2) VIRTUAL)")
    lifted_world.add(source, "shop")
    target = create_database(older_server, unique("older"))

    done = lifted_world.schema(target=target)

    assert done.returncode == 5
    assert "lift into a target of its version" in done.stderr
    assert "check that the URL" not in done.stderr
    assert rows(target, SCHEMAS) == ["public"]


def test_a_database_that_fails_leaves_the_others_to_be_lifted(
    lifted_world: LiftedWorld, source: DatabaseUrl, server: TestServer
) -> None:
    """What stands in the way of one is told at the end, with what is there and what to do."""
    names = unique("first"), unique("last")
    first, last = (server.create_database(name) for name in names)
    try:
        run_script(source, SHOP)
        for url in (first, last):
            run_script(url, "CREATE TABLE item (id integer)")
        run_script(lifted_world.target, "CREATE TABLE bill (id integer)")
        for url, service in ((first, "first"), (source, "shop"), (last, "last")):
            lifted_world.add(url, service)
        stopped = lifted_world.schema("--stop-at-failure")
        assert stopped.returncode == 3
        assert "first.item" in rows(lifted_world.target, OURS)
        assert "last.item" not in rows(lifted_world.target, OURS)

        done = lifted_world.schema("--json")
        assert done.returncode == 3
        assert "1 of 3 databases weren't lifted" in done.stderr
        assert "move it out of the target's schema" in done.stderr
        schemas = {one["service"]: one for one in json.loads(done.stdout)["schemas"]}
        assert {name: (one["lifted"], one["error"] is None) for name, one in schemas.items()} == {
            "first": (False, True), "shop": (False, False), "last": (True, True),
        }  # fmt: skip
        assert "last.item" in rows(lifted_world.target, OURS)
        assert "shop.bill" not in rows(lifted_world.target, OURS)

        run_script(lifted_world.target, "DROP TABLE public.bill")
        again = lifted_world.schema()
        assert again.returncode == 0, again.stderr
        assert "shop.bill" in rows(lifted_world.target, OURS)
    finally:
        for name in names:
            server.drop_database(name)


def test_what_changed_since_the_plan_is_named_and_not_lifted(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    """Also a foreign key, which no layout speaks of."""
    run_script(source, SHOP)
    run_script(source, "CREATE TABLE item (id integer)", "other")
    lifted_world.add(source, "shop")
    lifted_world.add(source, "other", source_schema="other")
    assert lifted_world.schema("--service", "other").returncode == 0
    file = str(lifted_world.folder / "lift.toml")
    urls = {"LEGACY_DATABASE_URL": source.plain, "DATABASE_URL": lifted_world.target.plain}
    call(("lift", "plan", "--lift", file), urls)
    run_script(source, "ALTER TABLE bill DROP CONSTRAINT of_customer")

    done = lifted_world.schema("--service", "shop")

    assert done.returncode == 3
    assert "shop changed since lift.lock was written" in done.stderr
    assert "foreign key of public.bill (customer_id) is gone" in done.stderr
    assert "shop.bill" not in rows(lifted_world.target, OURS)
    call(("lift", "plan", "--renew", "--lift", file), urls)
    assert lifted_world.schema("--service", "shop").returncode == 0
