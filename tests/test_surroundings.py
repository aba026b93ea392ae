"""What surrounds the rows: each thing that can spoil a run is provoked for real, and found by its code."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from conftest import THROW_AWAY, TestServer, unique
from psycopg import sql
from unified import World, query, snapshot_of, value

from payrollx_db.catalog import Catalog, Service
from payrollx_db.consolidate import around, surroundings
from payrollx_db.consolidate.findings import AROUND, Finding
from payrollx_db.consolidate.pipeline import Plan, plan
from payrollx_db.devserver import Programs, Server
from payrollx_db.errors import FindingsError, PayrollxError, TargetError
from payrollx_db.layout import Layout, LegacyDatabase, SourceTable, TableMap
from payrollx_db.urls import DatabaseUrl

SERVICE = Service("shop", schema="shop", role="tiny_shop", tables=("things",))
CATALOG = Catalog("tiny", (SERVICE,), owner_role="tiny_owner")
COLUMNS = {"id": "integer", "name": "text?"}
ALWAYS = {("disk", "info"), ("replication-ready", "info")}

Make = Callable[..., World]


def layout(columns: dict[str, str]) -> Layout:
    things = TableMap(SourceTable("things", columns), "shop.things")
    return Layout("tiny", (LegacyDatabase("old", variable="OLD", service="shop", maps=(things,)),))


def look(world: World, change: Callable[[Plan], Plan] = lambda made: made) -> list[Finding]:
    """Look around in a world; ``change`` makes the plan say what can't be provoked."""

    async def both() -> list[Finding]:
        task = world.task()
        return await surroundings.look_around(change(await plan(task)), task.sources, task.target)

    found = asyncio.run(both())
    assert {finding.code for finding in found} <= AROUND
    return found


def unusual(found: list[Finding]) -> list[tuple[str, str, str]]:
    """What was found, but for what is always told."""
    return [(f.code, f.severity, f.place) for f in found if (f.code, f.severity) not in ALWAYS]


def only(found: list[Finding], code: str, severity: str) -> Finding:
    """Return the one finding of a code and severity."""
    (one,) = [finding for finding in found if (finding.code, finding.severity) == (code, severity)]
    return one


@pytest.fixture
def make(server: TestServer) -> Iterator[Make]:
    """Make a world of one table; options are CREATE DATABASE's, and ``columns`` those of the table."""
    names = []

    def database(options: str) -> DatabaseUrl:
        names.append(unique("tiny"))
        query(server.url, f'CREATE DATABASE "{names[-1]}" TEMPLATE template0 {options}')
        return server.url.with_database(names[-1])

    def make(
        columns: dict[str, str] = COLUMNS,
        *,
        source: str = "id integer PRIMARY KEY, name text",
        target: str = "id integer PRIMARY KEY, name text",
        options: tuple[str, str] = ("", ""),
        before: str = "",
    ) -> World:
        old, new = (database(text) for text in options)
        for url in (old, new):
            query(url, before or "SELECT 1")
        query(old, f"CREATE TABLE things ({source})")
        query(new, "CREATE SCHEMA shop")
        query(new, f"CREATE TABLE shop.things ({target})")
        return World({"old": old}, new, layout(columns), CATALOG)

    yield make
    for name in names:
        server.drop_database(name)


@pytest.fixture
def role(server: TestServer) -> Iterator[str]:
    """A role that may connect, and nothing else. Used after the databases that it has rights in are gone."""
    name = unique("role")
    named = sql.Identifier(name)
    with psycopg.connect(server.url.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'secret'").format(named))
        yield name
        connection.execute(sql.SQL("DROP ROLE {}").format(named))


@pytest.fixture
def tiny(role: str, make: Make) -> World:
    """A world of one table; its databases go before the role does."""
    return make()


def login(url: DatabaseUrl, role: str) -> DatabaseUrl:
    return DatabaseUrl({**url.params, "user": role, "password": "secret"})


def has_icu(server: TestServer) -> bool:
    """Whether the server was built with it; one entry, `unicode`, is there without."""
    return bool(value(server.url, "SELECT count(*) > 1 FROM pg_collation WHERE collprovider = 'i'"))


@contextlib.contextmanager
def open_transaction(url: DatabaseUrl, statement: str) -> Iterator[None]:
    """Leave a transaction idle after ``statement``."""
    with psycopg.connect(url.conninfo(), application_name="somebody else") as connection:
        connection.execute(statement)
        yield


# -- nothing to say -----------------------------------------------------------------------------------


def test_well_behaved_databases_have_nothing_to_say(reading_world: World) -> None:
    found = look(reading_world)

    assert unusual(found) == []
    assert {f.place for f in found if f.code == "replication-ready"} == set(reading_world.urls)


def test_nothing_is_changed(reading_world: World) -> None:
    urls = [*reading_world.urls.values(), reading_world.target]
    before = [snapshot_of(url) for url in urls]

    look(reading_world)

    assert [snapshot_of(url) for url in urls] == before


# -- encodings and collations --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("SQL_ASCII", "UTF8", [("block", "old")]),
        ("UTF8", "LATIN1", [("block", "old")]),
        ("LATIN1", "UTF8", [("info", "old")]),
        ("LATIN1", "LATIN1", []),
        ("UTF8", "SQL_ASCII", [("block", "new"), ("block", "old")]),
    ],
)
def test_encodings(make: Make, source: str, target: str, expected: list[tuple[str, str]]) -> None:
    options = (f"ENCODING '{source}' LOCALE 'C'", f"ENCODING '{target}' LOCALE 'C'")
    world = make(options=options)

    found = [f for f in look(world) if f.code == "encoding"]

    names = {world.target.dbname: "new"}
    assert [(f.severity, names.get(f.place, f.place)) for f in found] == expected


def test_a_block_refuses_the_copy_before_rows_are_looked_at(make: Make) -> None:
    world = make(options=("ENCODING 'SQL_ASCII' LOCALE 'C'", "ENCODING 'UTF8' LOCALE 'C'"))

    with pytest.raises(FindingsError) as caught:
        world.copy()

    assert caught.value.message == "1 findings block the copy; the target is as it was"
    assert caught.value.details[0].startswith("encoding old: SQL_ASCII")
    assert value(world.target, "SELECT to_regclass('payrollx_meta.runs')") is None


def test_another_default_collation_is_told_once(make: Make, server: TestServer) -> None:
    other = value(server.url, "SELECT max(collname) FROM pg_collation WHERE collname IN ('C.utf8', 'C.UTF-8')")
    if other is None:
        pytest.skip("this server has no second locale")
    world = make(options=("ENCODING 'UTF8' LOCALE 'C'", f"ENCODING 'UTF8' LOCALE '{other}'"))

    found = only(look(world), "collation", "warn")

    assert (found.place, found.count) == ("old", 1)
    assert "libc C here, by libc C.utf8 in the unified database" in found.message


def test_a_columns_own_collation(make: Make, server: TestServer) -> None:
    other = value(server.url, "SELECT max(collname) FROM pg_collation WHERE collname IN ('C.utf8', 'pg_c_utf8')")
    if other is None:
        pytest.skip("this server has no second collation")
    world = make(
        source='id integer PRIMARY KEY, name text COLLATE "C"',
        target=f'id integer PRIMARY KEY, name text COLLATE "{other}"',
        options=("ENCODING 'UTF8' LOCALE 'C'",) * 2,
    )

    assert unusual(look(world)) == [("collation", "warn", "old.public.things.name")]


def test_a_unique_that_finds_more_equal_than_bytes_do(make: Make, server: TestServer) -> None:
    if not has_icu(server):
        pytest.skip("this server was built without ICU")
    ignoring = "CREATE COLLATION public.ignoring (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    kind = "id integer PRIMARY KEY, name text COLLATE public.ignoring"
    world = make(source=kind, target=f"{kind} UNIQUE", before=ignoring)

    found = only(look(world), "collation", "warn")

    assert found.place == f"{world.target.dbname}.shop.things.name"
    assert "things_name_key" in found.message


def test_a_collation_that_has_moved_on(make: Make, server: TestServer) -> None:
    version = value(server.url, "SELECT current_setting('server_version_num')::int")
    icu = version >= 150000 and has_icu(server)
    if version < 170000 and not icu:
        pytest.skip("this server's collations have no version")
    provider = "icu ICU_LOCALE 'und'" if icu else "builtin BUILTIN_LOCALE 'C.UTF-8'"
    world = make(options=(f"ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER {provider}",) * 2)
    assert unusual(look(world)) == []

    query(server.url, "UPDATE pg_database SET datcollversion = '0' WHERE datname = %s", (world.urls["old"].dbname,))

    found = only(look(world), "collation", "warn")
    assert found.place == "old"
    assert found.message.startswith("made with collation version 0, and the system has")


# -- rights --------------------------------------------------------------------------------------------


def test_a_source_role_that_may_not_read(tiny: World, role: str) -> None:
    world = replace(tiny, urls={"old": login(tiny.urls["old"], role)})

    found = only(look(world), "privilege", "block")
    assert (found.place, found.count, found.examples) == ("old.public.things", 2, ("id", "name"))

    query(tiny.urls["old"], f'GRANT SELECT (id) ON things TO "{role}"')
    assert only(look(world), "privilege", "block").examples == ("name",)

    query(tiny.urls["old"], f'GRANT SELECT (name) ON things TO "{role}"')
    assert unusual(look(world)) == [("long-transaction", "info", "old")]  # which it may not see


def test_a_source_role_that_may_not_enter_the_schema(tiny: World, role: str) -> None:
    query(tiny.urls["old"], "REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    query(tiny.urls["old"], f'GRANT SELECT ON things TO "{role}"')

    found = only(look(replace(tiny, urls={"old": login(tiny.urls["old"], role)})), "privilege", "block")

    assert (found.place, found.message) == ("old.public.things", "no USAGE on its schema: grant it")


def test_a_source_role_from_which_rows_are_hidden(tiny: World, role: str) -> None:
    query(tiny.urls["old"], "ALTER TABLE things ENABLE ROW LEVEL SECURITY")
    query(tiny.urls["old"], f'GRANT SELECT ON things TO "{role}"')
    assert unusual(look(tiny)) == []  # a superuser sees them all

    found = only(look(replace(tiny, urls={"old": login(tiny.urls["old"], role)})), "privilege", "block")

    assert "row-level security hides rows" in found.message
    with pytest.raises(FindingsError, match="block the copy"):
        replace(tiny, urls={"old": login(tiny.urls["old"], role)}).copy()


def test_a_target_role_without_rights(tiny: World, role: str) -> None:
    name, named = tiny.target.dbname, f'"{tiny.target.dbname}"'
    query(tiny.target, f"REVOKE ALL ON DATABASE {named} FROM PUBLIC")
    query(tiny.target, f'GRANT CONNECT ON DATABASE {named} TO "{role}"')
    world = replace(tiny, target=login(tiny.target, role))

    places = [(f.place, f.message.partition(":")[0]) for f in look(world) if f.code == "privilege"]
    assert places == [
        (f"{name}.shop.things", "no USAGE on its schema"),
        (name, "no TEMP on the database, where references are checked"),
        (name, "no CREATE on the database, where the run makes its schema payrollx_meta"),
        (f"{name}.shop.things", "its indexes and keys are for its owner to drop and build"),
    ]

    query(tiny.target, f'GRANT CREATE, TEMP ON DATABASE {named} TO "{role}"')
    query(tiny.target, f'GRANT USAGE ON SCHEMA shop TO "{role}"')
    query(tiny.target, f'ALTER TABLE shop.things OWNER TO "{role}"')
    query(tiny.target, "CREATE SCHEMA payrollx_meta")
    with pytest.raises(TargetError, match="can't read the state tables: permission denied for schema payrollx_meta"):
        look(world)

    query(tiny.target, f'GRANT USAGE ON SCHEMA payrollx_meta TO "{role}"')
    places = [(f.place, f.message.partition(",")[0]) for f in look(world) if f.code == "privilege"]
    assert places == [
        (f"{name}.payrollx_meta", "no USAGE and CREATE on it: grant both"),
        (f"{name}.shop", "no CREATE on it"),
    ]

    query(tiny.target, f'GRANT ALL ON SCHEMA shop, payrollx_meta TO "{role}"')
    assert unusual(look(world)) == []
    assert all(table.balanced for table in world.copy().tables)


def test_a_role_that_sees_only_itself(tiny: World, role: str) -> None:
    query(tiny.urls["old"], f'GRANT SELECT ON things TO "{role}"')
    world = replace(tiny, urls={"old": login(tiny.urls["old"], role)}, target=tiny.target)

    told = [f.message for f in look(world) if f.severity == "info"]

    assert any("grant it pg_read_all_stats" in text for text in told)
    assert any("a role with REPLICATION" in text for text in told)


# -- what others are doing -----------------------------------------------------------------------------


def test_a_transaction_that_stays_open_in_a_source(tiny: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_transaction(tiny.urls["old"], "INSERT INTO things VALUES (1)"):
        assert unusual(look(tiny)) == []  # it has only just begun

        monkeypatch.setattr(surroundings, "LONG", 0)
        found = only(look(tiny), "long-transaction", "warn")

    assert (found.place, found.count) == ("old", 1)
    assert "(somebody else, idle in transaction) for 0 min" in found.examples[0]


@pytest.mark.parametrize(("soon", "long", "severity"), [(0, 300, "warn"), (0, 0, "block"), (10, 300, None)])
def test_a_lock_on_a_target_table(
    tiny: World, monkeypatch: pytest.MonkeyPatch, soon: int, long: int, severity: str | None
) -> None:
    monkeypatch.setattr(surroundings, "SOON", soon)
    monkeypatch.setattr(surroundings, "LONG", long)

    with open_transaction(tiny.target, "SELECT FROM shop.things"):
        found = [f for f in look(tiny) if f.code == "long-transaction"]

    assert [f.severity for f in found] == ([severity] if severity else [])
    assert all(f.place == f"{tiny.target.dbname}.shop.things" for f in found)


# -- extensions, triggers, and what else there is ------------------------------------------------------


def test_a_type_of_an_extension_that_the_target_lacks(make: Make) -> None:
    """Any extension will do: a type is made part of plpgsql, which every server has."""
    kind = {"id": "integer", "span": "span?"}
    table = "id integer PRIMARY KEY, span public.span"
    world = make(kind, source=table, target=table, before="CREATE TYPE public.span AS RANGE (subtype = integer)")
    old, new = world.urls["old"], world.target
    assert unusual(look(world)) == []

    query(old, "ALTER EXTENSION plpgsql ADD TYPE public.span")
    assert unusual(look(world)) == [("extension", "block", "old.public.things.span")]

    query(new, "DROP EXTENSION plpgsql")
    blocked, absent = [f for f in look(world) if f.code == "extension"]
    assert (blocked.severity, absent.severity, absent.examples) == ("block", "info", ("plpgsql",))

    query(new, "CREATE EXTENSION plpgsql")
    query(new, "ALTER EXTENSION plpgsql ADD TYPE public.span")
    assert unusual(look(world)) == []

    query(new, "UPDATE pg_extension SET extversion = '0.1' WHERE extname = 'plpgsql'")
    assert unusual(look(world)) == [("extension", "warn", "old.public.things.span")]


def test_what_is_converted_needs_no_extension(make: Make) -> None:
    size = "CREATE TYPE public.size AS ENUM ('small', 'large')"
    world = make({"id": "integer", "name": "size?"}, source="id integer PRIMARY KEY, name public.size", before=size)
    query(world.urls["old"], "ALTER EXTENSION plpgsql ADD TYPE public.size")

    assert unusual(look(world)) == []


def test_triggers_that_would_fire(tiny: World) -> None:
    query(
        tiny.target,
        "CREATE FUNCTION shop.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    )
    for name, event in (("on insert", "BEFORE INSERT"), ("on update", "BEFORE UPDATE"), ("off", "AFTER INSERT")):
        query(tiny.target, f'CREATE TRIGGER "{name}" {event} ON shop.things FOR EACH ROW EXECUTE FUNCTION shop.keep()')
    query(tiny.target, "ALTER TABLE shop.things DISABLE TRIGGER off")

    found = only(look(tiny), "trigger", "warn")

    assert (found.place, found.examples) == (f"{tiny.target.dbname}.shop.things", ("on insert",))


def test_a_target_table_that_a_crash_empties(tiny: World) -> None:
    query(tiny.target, "ALTER TABLE shop.things SET UNLOGGED")

    assert unusual(look(tiny)) == [("unlogged", "warn", f"{tiny.target.dbname}.shop.things")]


def test_tables_whose_changes_could_not_be_followed(tiny: World) -> None:
    def nameless() -> list[tuple[str, ...]]:
        return [f.examples for f in look(tiny) if f.code == "replication-ready" and f.examples]

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
    told = only(look(tiny), "disk", "info").message
    assert told.startswith("about ")
    if "doesn't tell" in told:
        pytest.skip("this server's folder can't be read from here")

    monkeypatch.setattr(surroundings, "SPACE", 10**9)
    assert only(look(tiny), "disk", "warn").message.endswith(" MB free")

    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    assert only(look(tiny), "disk", "block").message.endswith(" 0 MB free")

    query(tiny.target, "INSERT INTO shop.things SELECT n, repeat('x', 200) FROM generate_series(1, 10000) AS n")
    query(tiny.target, "ANALYZE shop.things")
    assert only(look(tiny), "disk", "info")  # what is there already needs no more space


def test_space_behind_another_server_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    control = tmp_path / "global" / "pg_control"
    control.parent.mkdir()
    control.write_bytes((7).to_bytes(8, "little") + b"rest")

    assert around.free_bytes(tmp_path, "8") is None
    assert around.free_bytes(tmp_path / "elsewhere", "7") is None
    assert around.free_bytes(tmp_path, "7") == shutil.disk_usage(tmp_path).free


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
            patch.setattr(around, "COLLATION_VERSION_SINCE", 10**9)
            return unusual(look(tiny, change))

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


def test_prepared_transactions_and_a_standby(own_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = own_server.url()
    for name in ("old", "new"):
        query(url, f"CREATE DATABASE {name}")
    old, new = (url.with_database(name) for name in ("old", "new"))
    query(old, "CREATE UNLOGGED TABLE things (id integer PRIMARY KEY, name text)")
    query(new, "CREATE SCHEMA shop")
    query(new, "CREATE TABLE shop.things (id integer PRIMARY KEY, name text)")
    world = World({"old": old}, new, layout(COLUMNS), CATALOG)

    ready = only(look(world), "replication-ready", "info").message
    assert ready.startswith("wal_level replica, 0 replication slots and 20 WAL senders free; ")
    assert ready.endswith("would need wal_level logical, a free slot")

    monkeypatch.setattr(surroundings, "LONG", 0)
    for database, table in ((old, "things"), (new, "shop.things")):
        with psycopg.connect(database.conninfo()) as connection:
            connection.execute(f"INSERT INTO {table} VALUES (1)")  # type: ignore[arg-type]
            connection.execute(f"PREPARE TRANSACTION 'left in {database.dbname}'")  # type: ignore[arg-type]
    blocking, waiting = (only(look(world), "long-transaction", severity) for severity in ("block", "warn"))
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
    standing = [(f.severity, f.place, f.message.partition(":")[0]) for f in look(world) if f.code == "version"]
    assert standing == [
        ("block", "new", "a standby"),
        ("info", "old", "a standby"),
        ("block", "old.public.things", "UNLOGGED"),
    ]
