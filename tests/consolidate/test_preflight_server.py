"""What surrounds the rows on the servers: transactions, locks, types, triggers, room, versions."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from command_line import call
from conftest import THROW_AWAY
from preflight_worlds import (
    CATALOG,
    COLUMNS,
    Make,
    findings_in,
    layout,
    notable,
    one_finding,
    open_transaction,
)
from worlds import World, query

from payrollx_db.consolidate.check import preflight, server_facts
from payrollx_db.consolidate.pipeline import Plan
from payrollx_db.devserver import Programs, Server
from payrollx_db.errors import PayrollxError

# -- what others are doing -----------------------------------------------------------------------------


def test_a_transaction_that_stays_open_in_a_source(tiny: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_transaction(tiny.urls["old"], "INSERT INTO things VALUES (1)"):
        assert notable(findings_in(tiny)) == []  # it has only just begun

        monkeypatch.setattr(preflight, "LONG", 0)
        found = one_finding(findings_in(tiny), "long-transaction", "warn")

    assert (found.place, found.count) == ("old", 1)
    assert "(somebody else, idle in transaction) for 0 min" in found.examples[0]


@pytest.mark.parametrize(("soon", "long", "severity"), [(0, 300, "warn"), (0, 0, "block"), (10, 300, None)])
def test_a_lock_on_a_target_table(
    tiny: World, monkeypatch: pytest.MonkeyPatch, soon: int, long: int, severity: str | None
) -> None:
    monkeypatch.setattr(preflight, "SOON", soon)
    monkeypatch.setattr(preflight, "LONG", long)

    with open_transaction(tiny.target, "SELECT FROM shop.things"):
        found = [f for f in findings_in(tiny) if f.code == "long-transaction"]

    assert [f.severity for f in found] == ([severity] if severity else [])
    assert all(f.place == f"{tiny.target.dbname}.shop.things" for f in found)


# -- extensions, triggers, and what else there is ------------------------------------------------------


def test_a_type_of_an_extension_on_one_side_or_on_both(make_world: Make) -> None:
    """Any extension will do: a type is made part of plpgsql, which every server has."""
    kind = {"id": "integer", "span": "span?"}
    table = "id integer PRIMARY KEY, span public.span"
    world = make_world(kind, source=table, target=table, before="CREATE TYPE public.span AS RANGE (subtype = integer)")
    old, new = world.urls["old"], world.target
    assert notable(findings_in(world)) == []

    query(old, "ALTER EXTENSION plpgsql ADD TYPE public.span")
    assert world.plan().mismatches == ()  # made of the same, so it is carried over as what it is made of
    assert notable(findings_in(world)) == []

    query(new, "DROP EXTENSION plpgsql")
    (absent,) = [f for f in findings_in(world) if f.code == "extension"]
    assert (absent.severity, absent.examples) == ("info", ("plpgsql",))

    query(new, "CREATE EXTENSION plpgsql")
    query(new, "ALTER EXTENSION plpgsql ADD TYPE public.span")
    assert notable(findings_in(world)) == []

    query(new, "UPDATE pg_extension SET extversion = '0.1' WHERE extname = 'plpgsql'")
    assert notable(findings_in(world)) == [("extension", "warn", "old.public.things.span")]


def test_what_is_converted_needs_no_extension(make_world: Make) -> None:
    size = "CREATE TYPE public.size AS ENUM ('small', 'large')"
    world = make_world(
        {"id": "integer", "name": "size?"}, source="id integer PRIMARY KEY, name public.size", before=size
    )
    query(world.urls["old"], "ALTER EXTENSION plpgsql ADD TYPE public.size")

    assert notable(findings_in(world)) == []


def test_triggers_that_would_fire(tiny: World) -> None:
    query(
        tiny.target,
        "CREATE FUNCTION shop.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    )
    for name, event in (("on insert", "BEFORE INSERT"), ("on update", "BEFORE UPDATE"), ("off", "AFTER INSERT")):
        query(tiny.target, f'CREATE TRIGGER "{name}" {event} ON shop.things FOR EACH ROW EXECUTE FUNCTION shop.keep()')
    query(tiny.target, "ALTER TABLE shop.things DISABLE TRIGGER off")

    found = one_finding(findings_in(tiny), "trigger", "warn")

    assert (found.place, found.examples) == (f"{tiny.target.dbname}.shop.things", ("on insert",))


def test_a_target_table_that_a_crash_empties(tiny: World) -> None:
    query(tiny.target, "ALTER TABLE shop.things SET UNLOGGED")

    assert notable(findings_in(tiny)) == [("unlogged", "warn", f"{tiny.target.dbname}.shop.things")]


def test_tables_whose_changes_could_not_be_followed(tiny: World) -> None:
    def nameless() -> list[tuple[str, ...]]:
        return [f.examples for f in findings_in(tiny) if f.code == "replication-ready" and f.examples]

    old = tiny.urls["old"]
    assert nameless() == []
    query(old, "ALTER TABLE things DROP CONSTRAINT things_pkey")
    assert nameless() == [("public.things",)]
    query(old, "ALTER TABLE things REPLICA IDENTITY FULL")
    assert nameless() == []
    query(old, "ALTER TABLE things REPLICA IDENTITY NOTHING")
    assert nameless() == [("public.things",)]


# -- space ---------------------------------------------------------------------------------------------


def test_space(tiny: World, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on this machine whose folder can be read is seen; the rest is for people to judge."""
    query(tiny.urls["old"], "INSERT INTO things SELECT n, repeat('x', 100) FROM generate_series(1, 10000) AS n")
    told = one_finding(findings_in(tiny), "disk", "info").message
    assert told.startswith("about ")
    if "doesn't tell" in told:
        pytest.skip("this server's folder can't be read from here")

    monkeypatch.setattr(preflight, "SPACE", 10**9)
    assert one_finding(findings_in(tiny), "disk", "warn").message.endswith(" MB free")

    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    assert one_finding(findings_in(tiny), "disk", "block").message.endswith(" 0 MB free")

    query(tiny.target, "INSERT INTO shop.things SELECT n, repeat('x', 200) FROM generate_series(1, 10000) AS n")
    query(tiny.target, "ANALYZE shop.things")
    assert one_finding(findings_in(tiny), "disk", "info")  # what is there already needs no more space


def test_space_behind_another_server_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    control = tmp_path / "global" / "pg_control"
    control.parent.mkdir()
    control.write_bytes((7).to_bytes(8, "little") + b"rest")

    assert server_facts.free_bytes(tmp_path, "8") is None
    assert server_facts.free_bytes(tmp_path / "elsewhere", "7") is None
    assert server_facts.free_bytes(tmp_path, "7") == shutil.disk_usage(tmp_path).free


# -- versions ------------------------------------------------------------------------------------------


def test_versions(tiny: World) -> None:
    """No test runs on servers that old, or on two at once: the plan says so instead."""

    def with_versions(source: int, target: int) -> list[tuple[str, str, str]]:
        def change(made: Plan) -> Plan:
            old = replace(made.sources["old"], version=source, version_text=f"{source // 10000}.0")
            return replace(
                made, sources={"old": old}, target=replace(made.target, version=target, version_text=f"{target}")
            )

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(server_facts, "COLLATION_VERSION_SINCE", 10**9)
            return notable(findings_in(tiny, change))

    name = tiny.target.dbname
    assert with_versions(140000, 180000) == []
    assert with_versions(130023, 140000) == [("version", "block", "old")]
    assert with_versions(130023, 130023) == [("version", "block", name), ("version", "block", "old")]
    assert with_versions(180000, 160004) == [("version", "warn", "old")]


# -- a server of its own -------------------------------------------------------------------------------


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that may be stopped, with settings that the shared one hasn't."""
    try:
        Programs.find()
    except PayrollxError as missing:
        pytest.skip(str(missing))
    folder = Path(tempfile.mkdtemp(prefix="payrollx-db-"))
    settings = {"wal_level": "replica", "max_replication_slots": "0", "max_prepared_transactions": "2"}
    own = Server(folder, settings=THROW_AWAY | settings)
    own.up()
    yield own
    own.destroy()


def test_prepared_transactions_and_a_standby(
    own_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = own_server.url()
    for name in ("old", "new"):
        query(url, f"CREATE DATABASE {name}")
    old, new = (url.with_database(name) for name in ("old", "new"))
    query(old, "CREATE UNLOGGED TABLE things (id integer PRIMARY KEY, name text)")
    query(new, "CREATE SCHEMA shop")
    query(new, "CREATE TABLE shop.things (id integer PRIMARY KEY, name text)")
    world = World({"old": old}, new, layout(COLUMNS), CATALOG)

    ready = one_finding(findings_in(world), "replication-ready", "info").message
    assert ready.startswith("wal_level replica, 0 replication slots and 20 WAL senders free; ")
    assert ready.endswith("would need wal_level logical, a free slot")

    monkeypatch.setattr(preflight, "LONG", 0)
    for database, table in ((old, "things"), (new, "shop.things")):
        with psycopg.connect(database.conninfo()) as connection:
            connection.execute(f"INSERT INTO {table} VALUES (1)")  # type: ignore[arg-type]
            connection.execute(f"PREPARE TRANSACTION 'left in {database.dbname}'")  # type: ignore[arg-type]
    blocking, waiting = (
        one_finding(findings_in(world), "long-transaction", severity) for severity in ("block", "warn")
    )
    assert (blocking.place, blocking.examples) == ("new.shop.things", ("prepared transaction left in new for 0 min",))
    assert (waiting.place, waiting.examples) == ("old", ("prepared transaction left in old for 0 min",))

    for database in (old, new):
        query(database, f"ROLLBACK PREPARED 'left in {database.dbname}'")
    own_server.down()
    signal = next(own_server.data_dir.rglob("PG_VERSION")).parent / "standby.signal"
    signal.touch()
    shutil.chown(signal, signal.parent.stat().st_uid, signal.parent.stat().st_gid)
    moved = own_server.up()
    world = World({"old": moved.with_database("old")}, moved.with_database("new"), world.layout, world.catalog)
    found = findings_in(world)
    assert one_finding(found, "replication-ready", "info").message.endswith("the URL of the primary, not of a standby")
    versions = [finding for finding in found if finding.code == "version"]
    standing = [(f.severity, f.place, f.message.partition(":")[0]) for f in versions]
    assert standing == [
        ("block", "new", "a standby"),
        ("info", "old", "a standby"),
        ("block", "old.public.things", "UNLOGGED"),
    ]
    assert versions[-1].message.endswith("read the primary")

    source, target = (moved.with_database(name).plain for name in ("old", "new"))
    lifted = call(("lift", "--source", f"old={source}", "--to", target), {}, tmp_path)
    assert lifted.returncode == 3
    assert "standby  new" in lifted.stdout
    assert "the primary" in lifted.stdout
