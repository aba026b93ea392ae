"""A schema is carried over as it is: held against pg_dump of both sides, which knows nothing of us."""

import json
import os
import signal
import subprocess
import sys

import psycopg
import pytest
from conftest import TestServer, unique
from lifted_worlds import ODD_WORLD, OURS, SCHEMAS, SHOP, LiftedWorld, rows, run_script
from psycopg import sql
from schema_dumps import definitions, differences, newest_clients, restore_plainly
from servers import known_to
from watchers import PATIENCE, eventually

from payrollx_db.postgres.databases import create_database, drop_database
from payrollx_db.postgres.url import DatabaseUrl

UNQUALIFIED_INDEX = """
CREATE FUNCTION plain(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';
CREATE FUNCTION outer_plain(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT plain($1)';
CREATE TABLE word (word text);
CREATE INDEX by_word ON word (outer_plain(word));
"""


def test_something_of_every_kind_is_the_same_afterwards(lifted_world: LiftedWorld, odd_source: DatabaseUrl) -> None:
    lifted_world.add(odd_source, "brewery")
    done = lifted_world.schema()
    assert done.returncode == 0, done.stderr
    clients = newest_clients()
    assert sum(definitions(odd_source, "public", clients).values()) > 100
    assert differences((odd_source, "public"), (lifted_world.target, "brewery"), clients) == ([], [])
    assert rows(lifted_world.target, SCHEMAS) == ["brewery", "payrollx_meta", "public"]
    assert rows(lifted_world.target, "SELECT count(*) FROM pg_depend WHERE refobjid = 'public'::regnamespace") == [0]
    casts = (
        "SELECT obj_description(oid, 'pg_cast') FROM pg_cast WHERE castsource::regtype::text ~ '^brewery' ORDER BY 1"
    )
    assert rows(lifted_world.target, casts)[0] == "its note"


def test_everything_is_the_owner_s_and_the_service_may_use_it(
    lifted_world: LiftedWorld, odd_source: DatabaseUrl
) -> None:
    lifted_world.add(odd_source, "brewery")
    assert lifted_world.schema().returncode == 0
    foreign = f"""
        SELECT o.identity FROM pg_shdepend AS d, pg_identify_object(d.classid, d.objid, 0) AS o
        WHERE d.deptype = 'o' AND d.refobjid <> '{lifted_world.owner}'::regrole AND o.identity ~ '^brewery'
            AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    """
    assert rows(lifted_world.target, foreign) == []
    may = f"SELECT has_table_privilege('{lifted_world.owner}_brewery', 'brewery.brewer', 'INSERT')"
    assert rows(lifted_world.target, may) == [True]


def test_routines_find_their_tables_and_a_procedure_that_commits_still_can(
    lifted_world: LiftedWorld, odd_source: DatabaseUrl
) -> None:
    lifted_world.add(odd_source, "brewery")
    done = lifted_world.schema()
    assert rows(lifted_world.target, "SELECT brewery.total(1)") == [0]
    assert rows(lifted_world.target, "SELECT brewery.total('nobody'::text)") == [0]
    assert rows(lifted_world.target, "SELECT brewery.atomic_total()") == [0]
    with psycopg.connect(lifted_world.target.conninfo(), autocommit=True) as connection:
        connection.execute("SET search_path TO brewery")
        connection.execute("CALL in_batches()")
    assert "in_batches() ends transactions" in done.stderr
    paths = "SELECT proconfig FROM pg_proc WHERE proname = 'own_path'"
    assert rows(lifted_world.target, paths) == [["search_path=pg_catalog", "work_mem=7MB"]]


def test_a_path_of_its_own_leads_to_the_new_schema(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    run_script(source, SHOP)
    body = "LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS 'SELECT count(*) FROM customer'"
    run_script(source, f"CREATE FUNCTION counted() RETURNS bigint {body}")
    lifted_world.add(source, "shop")
    assert lifted_world.schema().returncode == 0
    assert rows(lifted_world.target, "SELECT shop.counted()") == [0]
    paths = "SELECT proconfig FROM pg_proc WHERE proname = 'counted'"
    assert rows(lifted_world.target, paths) == [["search_path=shop, pg_temp"]]


def test_an_index_whose_function_names_things_without_a_schema_is_made(
    lifted_world: LiftedWorld, source: DatabaseUrl
) -> None:
    if rows(source, "SELECT current_setting('server_version_num')::integer")[0] >= 170000:
        pytest.skip("since Postgres 17 no index can be made with such a function")
    run_script(source, UNQUALIFIED_INDEX)
    lifted_world.add(source, "words")
    done = lifted_world.schema()
    assert done.returncode == 0, done.stderr
    rows(lifted_world.target, "SET search_path TO ''; INSERT INTO words.word VALUES ('A')")


def test_the_same_lift_twice_has_nothing_to_do(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    run_script(source, SHOP)
    lifted_world.add(source, "shop")
    assert lifted_world.schema().returncode == 0
    again = lifted_world.schema()
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "nothing to do: every schema is there already")
    assert "changed" not in again.stderr
    rows(lifted_world.target, "ALTER TABLE shop.bill ADD COLUMN paid boolean")
    later = lifted_world.schema()
    assert later.returncode == 0
    assert "shop has been changed since it was lifted" in later.stderr


def test_a_lift_that_was_killed_before_its_last_step_is_finished_by_the_next_call(
    lifted_world: LiftedWorld, source: DatabaseUrl
) -> None:
    """The last step, for all schemas at once, grants what the services may do, and records the structures."""
    run_script(source, SHOP)
    lifted_world.add(source, "shop")
    assert lifted_world.schema().returncode == 0
    role = f"{lifted_world.owner}_shop"
    recorded = "SELECT structure FROM payrollx_meta.lifted_schemas"
    before = rows(lifted_world.target, recorded)
    run_script(lifted_world.target, f"REVOKE ALL ON SCHEMA shop FROM {role};"
               " UPDATE payrollx_meta.lifted_schemas SET structure = ''")  # fmt: skip
    again = lifted_world.schema()
    assert again.returncode == 0, again.stderr
    assert "changed" not in again.stderr
    assert rows(lifted_world.target, f"SELECT has_schema_privilege('{role}', 'shop', 'USAGE')") == [True]
    assert rows(lifted_world.target, recorded) == before


def test_what_lies_in_the_target_s_public_stays_there(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    run_script(source, SHOP)
    run_script(lifted_world.target, "CREATE TABLE theirs (id integer); CREATE TYPE bit_of AS ENUM ('a')")
    lifted_world.add(source, "shop")
    assert lifted_world.schema().returncode == 0
    tables = rows(lifted_world.target, OURS)
    assert tables == ["payrollx_meta.lifted_schemas", "public.theirs", "shop.bill", "shop.customer", "shop.rich"]


@pytest.mark.parametrize("name", ['we"ird. %s {x}', "Größe", pytest.param("x" * 63, marks=pytest.mark.long)])
def test_a_source_schema_of_any_name(lifted_world: LiftedWorld, source: DatabaseUrl, name: str) -> None:
    run_script(source, SHOP + "CREATE FUNCTION n() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM bill'", name)
    with psycopg.connect(source.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS 'it''s %'").format(sql.Identifier(name)))
    lifted_world.add(source, "shop", source_schema=name)
    done = lifted_world.schema()
    assert done.returncode == 0, done.stderr
    assert differences((source, name), (lifted_world.target, "shop"), newest_clients()) == ([], [])
    assert rows(lifted_world.target, "SELECT shop.n()") == [0]
    assert name not in rows(lifted_world.target, SCHEMAS)


def test_a_source_in_latin1_with_names_that_are_not_ascii(lifted_world: LiftedWorld, server: TestServer) -> None:
    name = unique("latin1")
    with psycopg.connect(server.url.conninfo(), autocommit=True) as connection:
        made = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
        connection.execute(sql.SQL(made).format(sql.Identifier(name)))
    url = server.url.with_database(name)
    try:
        run_script(url, "CREATE TABLE \"Straße\" (größe text DEFAULT 'é'); COMMENT ON TABLE \"Straße\" IS 'à'")
        lifted_world.add(url, "streets")
        done = lifted_world.schema()
        assert done.returncode == 0, done.stderr
        assert differences((url, "public"), (lifted_world.target, "streets"), newest_clients()) == ([], [])
    finally:
        server.drop_database(name)


def test_two_schemas_of_one_database_that_need_each_other(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    run_script(source, "CREATE TABLE customer (id integer PRIMARY KEY)", "base")
    run_script(source, "CREATE TABLE bill (id integer REFERENCES base.customer)", "app")
    lifted_world.add(source, "bills", source_schema="app")
    alone = lifted_world.schema()
    assert alone.returncode == 3
    assert "base.customer" in alone.stderr
    lifted_world.add(source, "customers", source_schema="base")
    done = lifted_world.schema()
    assert done.returncode == 0, done.stderr
    key = (
        "SELECT confrelid::regclass::text FROM pg_constraint WHERE conrelid = 'bills.bill'::regclass AND contype = 'f'"
    )
    assert rows(lifted_world.target, key) == ["customers.customer"]


def test_a_dry_run_prints_what_would_run_and_leaves_nothing(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    run_script(source, SHOP)
    lifted_world.add(source, "shop")
    dry = lifted_world.schema("--dry-run")
    assert dry.returncode == 0
    assert "ALTER TABLE public.bill SET SCHEMA" in dry.stdout
    assert rows(lifted_world.target, SCHEMAS) == ["public"]
    assert rows(lifted_world.target, f"SELECT rolname FROM pg_roles WHERE rolname LIKE '{lifted_world.owner}%'") == []


def test_a_foreign_table_whose_server_is_there_comes_along(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    far = "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w"
    run_script(source, f"{far}; CREATE FOREIGN TABLE there (id integer DEFAULT 5) SERVER far OPTIONS (a 'b')")
    run_script(lifted_world.target, far)
    lifted_world.add(source, "shop")
    assert lifted_world.schema().returncode == 0
    assert differences((source, "public"), (lifted_world.target, "shop"), newest_clients()) == ([], [])


@pytest.mark.parametrize(
    ("ending", "code"),
    [pytest.param(signal.SIGINT, 130, marks=pytest.mark.long), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_interrupted_or_killed_while_it_works_leaves_nothing(
    lifted_world: LiftedWorld, odd_source: DatabaseUrl, ending: signal.Signals, code: int
) -> None:
    lifted_world.add(odd_source, "brewery")
    lifted_world.schema("--dry-run")
    command = [sys.executable, "-m", "payrollx_db", "lift", "schema", "--lift", str(lifted_world.folder / "lift.toml")]
    env = {
        **os.environ, "LEGACY_DATABASE_URL": odd_source.plain, "DATABASE_URL": lifted_world.target.plain
    }  # fmt: skip
    blocker = psycopg.connect(lifted_world.target.conninfo())
    # CREATE SCHEMA waits for it: the lift is then inside of its transaction.
    blocker.execute(sql.SQL("CREATE SCHEMA brewery"))
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as lift:
        _wait_for_lock(lifted_world.target)
        lift.send_signal(ending)
        lift.communicate(timeout=PATIENCE)
    assert lift.returncode == code
    blocker.rollback()
    blocker.close()
    _wait_until_alone(lifted_world.target)
    assert rows(lifted_world.target, SCHEMAS) == ["public"]
    assert lifted_world.schema().returncode == 0


def _wait_for_lock(url: DatabaseUrl) -> None:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    eventually(lambda: bool(rows(url, waiting)), "the wait for a lock")


def _wait_until_alone(url: DatabaseUrl) -> None:
    others = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    eventually(lambda: not rows(url, others), "the end of its sessions")


def test_json_says_what_was_moved(lifted_world: LiftedWorld, source: DatabaseUrl) -> None:
    run_script(source, SHOP)
    lifted_world.add(source, "shop")
    (schema,) = json.loads(lifted_world.schema("--json").stdout)["schemas"]
    assert (schema["schema"], schema["lifted"], schema["objects"]) == ("shop", True, {"table": 2, "view": 1})


def test_a_newer_server_takes_it_as_a_plain_restore_does(lifted_world: LiftedWorld, older_server: DatabaseUrl) -> None:
    """Versions print views in different words, so it is held against a restore into the same server."""
    clients = newest_clients()
    url = create_database(older_server, "odd")
    with psycopg.connect(older_server.conninfo()) as connection:
        run_script(url, known_to(connection.info.server_version, ODD_WORLD.read_text("utf-8")))
    run_script(url, UNQUALIFIED_INDEX)
    lifted_world.add(url, "brewery")
    done = lifted_world.schema()
    assert done.returncode == 0, done.stderr
    plain = create_database(lifted_world.target, unique("plain"))
    try:
        restore_plainly(url, plain, clients)
        lost, new = differences((plain, "public"), (lifted_world.target, "brewery"), clients)
        # Since Postgres 17 a plain restore can't make this one: its function finds nothing.
        assert (lost, [text.split(" USING")[0] for text in new]) == ([], ['CREATE INDEX "by_word" ON @."word"'])
    finally:
        drop_database(lifted_world.target, plain.dbname)
