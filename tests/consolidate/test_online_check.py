"""``check --online`` of servers, of what others do there, and as a command: each trouble is real, and can be mended."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from conftest import THROW_AWAY, TestServer, unique
from online_checks import (
    PLAIN_CATALOG,
    PLAIN_LAYOUT,
    examine,
    fixed,
    login,
    obstacles,
    one,
    possible,
    run,
    slot_state,
    state_of,
    walsender_state,
)
from poolers import PROGRAM, running_pooler
from servers import in_memory
from worlds import World, query

from payrollx_db.devserver import Programs, Server, create_database, drop_database
from payrollx_db.errors import PayrollxError
from payrollx_db.postgres.url import DatabaseUrl

ALL = {"follow", "fence", "reverse"}
NO_RIGHT = "42501"

# -- what others do --------------------------------------------------------------------------------------


def test_a_transaction_that_was_prepared_and_forgotten(simple: World) -> None:
    """In another database of the server: making a slot waits for it all the same."""
    old, elsewhere = simple.urls["old"], simple.target
    run(elsewhere, "CREATE TABLE notes (id int)")
    run(elsewhere, "BEGIN", "INSERT INTO notes VALUES (1)", "PREPARE TRANSACTION 'o''clock'")
    try:
        found = one(examine(simple), "slot-waits")
        assert found.hinders == ("follow",)
        assert slot_state(old) == "57014"
    finally:
        fixed(elsewhere, found)
    assert slot_state(old, wait="10min") == ""


def test_a_transaction_that_stays_open(simple: World, monkeypatch: pytest.MonkeyPatch) -> None:
    old = simple.urls["old"]
    monkeypatch.setattr("payrollx_db.consolidate.check.online.servers.LONG", 0)
    with psycopg.connect(old.conninfo(), application_name="somebody else") as connection:
        connection.execute("INSERT INTO plain VALUES (1, 'one')")
        found = one(examine(simple), "slot-waits")
        assert "somebody else" in found.finding.examples[0]
        assert slot_state(old) == "57014"
        fixed(old, found)
        assert slot_state(old, wait="10min") == ""
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_event_triggers_that_refuse(simple: World) -> None:
    old = simple.urls["old"]
    run(
        old,
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'frozen'; END $$",
        'CREATE EVENT TRIGGER "No DDL" ON ddl_command_start EXECUTE FUNCTION refuse()',
    )
    found = one(examine(simple), "event-trigger", severity="warn")
    assert found.finding.examples == ("No DDL",)
    assert state_of(old, "CREATE PUBLICATION payrollx FOR TABLE plain") == "P0001"

    fixed(old, found)
    assert state_of(old, "CREATE PUBLICATION payrollx FOR TABLE plain") == ""


def test_names_that_are_taken(simple: World) -> None:
    old = simple.urls["old"]
    run(old, "CREATE PUBLICATION payrollx", "CREATE SCHEMA payrollx")
    answer = examine(simple)
    taken = [o for o in answer.obstacles if o.finding.code == "name-taken"]
    assert [o.hinders for o in taken] == [("follow",), ("fence",)]
    assert possible(answer) == {"reverse"}

    for obstacle in taken:
        fixed(old, obstacle)
    assert possible(examine(simple)) == ALL


def test_a_subscription_that_writes_into_a_table_is_told(simple: World, server: TestServer) -> None:
    """The gate refuses its worker's rows; better it is ended before. The finding is made of the catalog alone."""
    old = simple.urls["old"]
    name = unique("subscription")
    publisher = server.create_database(unique("publisher"))
    run(publisher, "CREATE TABLE plain (id int PRIMARY KEY, name text)", "CREATE PUBLICATION theirs FOR TABLE plain")
    run(publisher, f"SELECT pg_create_logical_replication_slot('{name}', 'pgoutput')")
    conninfo = psycopg.conninfo.make_conninfo(**publisher.params)
    run(
        old,
        f"""CREATE SUBSCRIPTION "{name}" CONNECTION $c${conninfo}$c$ PUBLICATION theirs
        WITH (create_slot = false, slot_name = '{name}', copy_data = false, enabled = true)""",
    )
    try:
        found = one(examine(simple), "subscription", "old.public.plain", "warn")
        assert found.hinders == ()
        fixed(old, found)
        assert obstacles(examine(simple), "subscription", "warn") == {}
    finally:
        run(old, f'ALTER SUBSCRIPTION "{name}" DISABLE', f'ALTER SUBSCRIPTION "{name}" SET (slot_name = NONE)')
        run(old, f'DROP SUBSCRIPTION "{name}"')
        for _ in range(100):
            if not query(publisher, "SELECT 1 FROM pg_replication_slots WHERE slot_name = %s AND active", (name,)):
                break
        run(publisher, f"SELECT pg_drop_replication_slot('{name}')")
        server.drop_database(publisher.dbname)


def test_publications_of_all_tables_leave_the_state_writable(simple: World) -> None:
    """Whose tables have no key couldn't be updated any more, and a copy would end in the middle."""
    run(simple.target, "CREATE PUBLICATION everything FOR ALL TABLES")
    simple.copy()
    nameless = query(
        simple.target,
        "SELECT relname FROM pg_class WHERE relnamespace = 'payrollx_meta'::regnamespace AND relkind = 'r'"
        " AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisprimary)",
    )
    assert nameless == []


# -- the command -----------------------------------------------------------------------------------------


def test_the_command_answers_for_people_and_programs(simple: World) -> None:
    old = simple.urls["old"]
    run(old, "ALTER TABLE plain REPLICA IDENTITY NOTHING")
    arguments = (
        "check",
        "--online",
        "--catalog",
        "online_checks:PLAIN_CATALOG",
        "--from",
        "online_checks:PLAIN_LAYOUT",
    )
    done = simple.command(*arguments, "--json")
    assert done.returncode == 3, done.stderr
    document = json.loads(done.stdout)
    assert document["databases"] == [{"database": "old", "follow": False, "fence": True, "reverse": True}]
    assert document["blocking"] == 1
    (blocking,) = [finding for finding in document["findings"] if finding["severity"] == "block"]
    assert (blocking["code"], blocking["hinders"]) == ("replica-identity", ["follow"])
    assert blocking["sql"] == 'ALTER TABLE ONLY "public"."plain" REPLICA IDENTITY DEFAULT;'
    assert simple.command(*arguments).stdout.splitlines()[1].split() == ["old", "NO", "yes", "yes"]

    run(old, blocking["sql"])
    done = simple.command(*arguments)
    last = "nothing stands in the way of following, fencing and going back."
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, last)


# -- a server's own settings -------------------------------------------------------------------------------


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that may be stopped, and that is set up for nothing of this."""
    try:
        Programs.find()
    except PayrollxError as missing:
        pytest.skip(str(missing))
    folder = Path(tempfile.mkdtemp(prefix="payrollx-db-", dir=in_memory()))
    settings = {
        "wal_level": "replica", "max_replication_slots": "0", "max_wal_senders": "0", "wal_sender_timeout": "0",
        "max_slot_wal_keep_size": "1MB",
    }  # fmt: skip
    own = Server(folder, settings=THROW_AWAY | settings)
    own.up()
    yield own
    own.destroy()


def test_a_server_that_is_not_set_up_for_it(own_server: Server) -> None:
    world = own_world(own_server)
    answer = examine(world)
    assert possible(answer) == {"fence"}
    for place in ("old", "new"):
        blocking = {o.finding.code for o in answer.obstacles if o.finding.blocks and o.database == place}
        assert blocking == {"wal-level", "replication-slots", "wal-senders"}
    warned = {o.finding.code for o in answer.obstacles if o.finding.severity == "warn"}
    assert warned == {"slot-limit", "sender-timeout"}
    assert slot_state(world.urls["old"]) != ""
    assert walsender_state(world.urls["old"]) == "53300"

    for obstacle in answer.obstacles:
        if obstacle.finding.sql and obstacle.finding.severity in ("block", "warn"):
            fixed(world.target, obstacle)
    own_server.down()
    own_server.up()
    world = own_world(own_server)
    answer = examine(world)
    assert possible(answer) == ALL
    assert [o.finding for o in answer.obstacles if o.finding.severity != "info"] == []
    assert slot_state(world.urls["old"], wait="10min") == ""
    assert walsender_state(world.urls["old"]) == ""

    own_server.down()
    signal = next(own_server.data_dir.rglob("PG_VERSION")).parent / "standby.signal"
    signal.touch()
    shutil.chown(signal, signal.parent.stat().st_uid, signal.parent.stat().st_gid)
    own_server.up()
    world = own_world(own_server)
    answer = examine(world)
    assert possible(answer) == set()
    assert [o.finding.code for o in answer.obstacles if o.finding.blocks] == ["standby", "standby"]
    assert state_of(world.urls["old"], "CREATE PUBLICATION payrollx FOR TABLE plain") == "25006"


def own_world(server: Server) -> World:
    """The world of one sound table on a server of its own, made where it isn't there yet."""
    url = server.url()
    if not query(url, "SELECT 1 FROM pg_database WHERE datname = 'old'"):
        run(url, "CREATE DATABASE old", "CREATE DATABASE new")
        run(url.with_database("old"), "CREATE TABLE plain (id int PRIMARY KEY, name text)")
        run(url.with_database("new"), "CREATE SCHEMA shop", "CREATE TABLE shop.plain (id int PRIMARY KEY, name text)")
    return World({"old": url.with_database("old")}, url.with_database("new"), PLAIN_LAYOUT, PLAIN_CATALOG)


def test_a_server_that_speaks_german(german: DatabaseUrl) -> None:
    """All is judged by codes. It has two slots and two senders, which is what following and going back take."""
    old, new = (create_database(german, f"german_{name}") for name in ("followed", "unified"))
    run(german, "CREATE ROLE \"Prüfer\" LOGIN PASSWORD 'secret'")
    try:
        run(old, "CREATE TABLE plain (id int PRIMARY KEY, name text)", 'ALTER TABLE plain OWNER TO "Prüfer"')
        run(new, "CREATE SCHEMA shop", "CREATE TABLE shop.plain (id int PRIMARY KEY, name text)")
        mine = login(old, "Prüfer")
        world = World({"old": mine}, new, PLAIN_LAYOUT, PLAIN_CATALOG)
        answer = examine(world)
        blocking = {o.finding.code for o in answer.obstacles if o.finding.blocks}
        assert blocking == {"replication-role", "database-create"}
        assert walsender_state(mine) == NO_RIGHT
        for code in blocking:
            fixed(old, one(answer, code))
        assert possible(examine(world)) == ALL
        assert walsender_state(mine) == ""

        run(old, "SELECT pg_create_physical_replication_slot('hers')")
        found = one(examine(world), "replication-slots", new.dbname)
        assert found.finding.examples == ("hers",)
        run(old, "SELECT pg_drop_replication_slot('hers')")
    finally:
        for url in (old, new):
            drop_database(german, url.dbname)
        run(german, 'DROP ROLE "Prüfer"')


@pytest.mark.skipif(PROGRAM is None, reason="needs pgbouncer")
def test_a_pooler_between(simple: World) -> None:
    old = simple.urls["old"]
    user = {"user": old.params["user"], "password": old.params.get("password", "")}
    with running_pooler(old, {key: text for key, text in user.items() if text}, size=2) as place:
        through = DatabaseUrl({**old.params, **place})
        answer = examine(replace(simple, urls={"old": through}))
        assert possible(answer) == set()
        assert [o.finding.code for o in answer.obstacles if o.finding.blocks] == ["pooler"]
        assert walsender_state(through) != ""
    assert possible(examine(simple)) == ALL
