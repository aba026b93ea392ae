"""A domain leaves in its legacy shape, equal to what it came from, and comes back."""

import asyncio
import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from command_line import Done
from conftest import TestServer, unique
from facades import a_login, as_login
from poolers import PROGRAM, running_pooler
from system_facts import SystemWorld, open_world
from watchers import eventually
from worlds import query, value

from payrollx_db.consolidate.transfer import export_legacy
from payrollx_db.errors import FindingsError
from payrollx_db.model.events import StageStarted
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate

COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           pg_get_expr(d.adbin, d.adrelid)
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname = ANY (%s)
    ORDER BY 1, a.attnum
"""
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
HELD = """
    SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY (%(tables)s)
    UNION ALL
    SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid::regclass::text = ANY (SELECT quote_ident(name) FROM unnest(%(tables)s::text[]) AS name)
    AND contype <> 'n'
    ORDER BY 1
"""

EVERYTHING = """
    SELECT 'relation', relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'type', typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
    UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'schema', nspname FROM pg_namespace WHERE nspname = 'extract'
    ORDER BY 1, 2
"""
# What a handover of health_monitor leaves where its process is killed.
LEFT_BEHIND = """
    CREATE TABLE payrollx_handover (service text, extract boolean);
    INSERT INTO payrollx_handover VALUES ('health_monitor', true);
    CREATE SCHEMA extract; CREATE TABLE extract.auth_users (id text);
    CREATE TYPE "LogLevel" AS ENUM ('DEBUG'); CREATE TABLE logs (id text, level "LogLevel");
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'mint.wallets'::regclass"

FIRST = "SELECT min(id) FROM public.transactions"


@pytest.fixture(scope="module")
def unified(server: TestServer) -> Iterator[SystemWorld]:
    """Azora, consolidated; one payment whose amount is no number stays in quarantine."""
    for world in open_world(server, "azora", "legacy", 5):
        education = world.server.with_database(world.prefix + "azora_education")
        query(education, f"UPDATE public.transactions SET amount = 'Infinity' WHERE id = ({FIRST})")
        assert world.run("copy", "--policy", "unconvertible=quarantine").returncode == 0
        yield world


@pytest.fixture
def buyer(server: TestServer) -> Iterator[DatabaseUrl]:
    name = unique("buyer")
    yield server.create_database(name)
    server.drop_database(name)


def legacy_tables(world: SystemWorld, service: str) -> list[str]:
    (database,) = (known for known in world.layout.databases if known.service == service)
    return sorted(known.source.name for known in database.maps)


def export(world: SystemWorld, service: str, to: DatabaseUrl, *options: str) -> Done:
    return world.run("service", "export", service, "--to", to.plain, "--shape", "legacy", *options)


def rows(url: DatabaseUrl, table: str) -> list[tuple[object, ...]]:
    return query(url, f'SELECT to_jsonb(t)::text FROM public."{table}" AS t ORDER BY 1')


@pytest.mark.parametrize("service", ["mint", "auth", "health_monitor"])
def test_what_leaves_is_what_came(unified: SystemWorld, buyer: DatabaseUrl, service: str) -> None:
    done = unified.run("service", "export", service, "--to", buyer.plain, "--shape", "legacy", "--json")
    assert done.returncode == 0, done.stderr
    (database,) = (known for known in unified.layout.databases if known.service == service)
    original = unified.server.with_database(unified.prefix + database.usual_database)
    tables = legacy_tables(unified, service)
    for table in tables:
        assert rows(buyer, table) == rows(original, table), table
    assert query(buyer, COLUMNS, (tables,)) == query(original, COLUMNS, (tables,))
    names = {"tables": tables}
    with_names = {text for (text,) in held(original, names)}
    assert {text for (text,) in held(buyer, names)} == with_names
    assert json.loads(done.stdout)["tables"] == {table: len(rows(original, table)) for table in tables}


def held(url: DatabaseUrl, names: dict[str, list[str]]) -> list[tuple[str]]:
    return query(url, HELD, names)  # type: ignore[arg-type] # by name


def test_rows_of_others_go_along_as_an_extract_or_are_listed(unified: SystemWorld, buyer: DatabaseUrl) -> None:
    done = unified.run("service", "export", "mint", "--to", buyer.plain, "--shape", "legacy", "--extract", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["references"] == ["mint.wallets.user_id -> auth.users.id"]
    assert document["extracts"] == {"auth.users": 5}
    columns = query(
        buyer, "SELECT attname FROM pg_attribute WHERE attrelid = 'extract.auth_users'::regclass AND attnum > 0"
    )
    assert {name for (name,) in columns} == {"id", "email", "name", "role", "is_active"}  # no password


@pytest.mark.long
def test_rows_in_quarantine_are_named_as_staying_behind(
    unified: SystemWorld, buyer: DatabaseUrl, tmp_path: Path
) -> None:
    held = "azora_education.public.transactions"
    done = export(unified, "education", buyer)
    assert done.returncode == 0, done.stderr
    assert f"not handed over: 1 row of {held}" in done.stderr
    query(buyer, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    document = json.loads(
        unified.run("service", "export", "education", "--to", buyer.plain, "--dir", str(tmp_path), "--json").stdout
    )
    assert document["quarantined"] == {held: 1}
    query(buyer, "DROP SCHEMA education, payrollx_meta CASCADE")
    assert json.loads(export(unified, "health_monitor", buyer, "--json").stdout)["quarantined"] == {}


def test_it_comes_back_from_its_legacy_shape(unified: SystemWorld, server: TestServer, buyer: DatabaseUrl) -> None:
    assert unified.run("service", "export", "auth", "--to", buyer.plain, "--shape", "legacy").returncode == 0
    query(buyer, """UPDATE public."User" SET name = 'Changed at the buyer''s'""")
    name = unique("again")
    target = server.create_database(name)
    again = SystemWorld(unified.catalog, unified.layout, server.url, target, unified.prefix)
    try:
        done = again.run("service", "import", "auth", "--from", buyer.plain, "--shape", "legacy", "--json")
        assert done.returncode == 0, done.stderr
        assert value(target, "SELECT count(*) FROM auth.users WHERE name = 'Changed at the buyer''s'") == 5
    finally:
        server.drop_database(name)


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ("CREATE TABLE precious (id int)", "table public.precious"),
        pytest.param("""CREATE TYPE "LogLevel" AS ENUM ('mine')""", 'type public."LogLevel"', marks=pytest.mark.long),
        pytest.param("CREATE VIEW logs AS SELECT 1 AS id", "view public.logs", marks=pytest.mark.long),
        pytest.param("CREATE SCHEMA extract", 'schema "extract"', marks=pytest.mark.long),
        pytest.param(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function public.f", marks=pytest.mark.long
        ),
    ],
)
def test_a_database_that_holds_something_is_left_alone(
    unified: SystemWorld, buyer: DatabaseUrl, there: str, named: str
) -> None:
    query(buyer, there)
    before = query(buyer, EVERYTHING)
    done = export(unified, "health_monitor", buyer, "--extract")
    assert done.returncode == 6
    assert "isn't empty" in done.stderr
    assert named in done.stderr
    assert query(buyer, EVERYTHING) == before


def test_what_a_killed_handover_left_is_taken_back(unified: SystemWorld, buyer: DatabaseUrl) -> None:
    """Without being asked as long as nothing was written; rows that never were proven are replaced by who says so."""
    query(buyer, LEFT_BEHIND)
    assert export(unified, "mint", buyer).returncode == 6  # another one's
    query(buyer, "INSERT INTO logs VALUES ('theirs, perhaps')")
    done = export(unified, "health_monitor", buyer)
    assert (done.returncode, "--yes" in done.stderr) == (6, True), done.stderr
    assert value(buyer, "SELECT count(*) FROM logs") == 1
    done = export(unified, "health_monitor", buyer, "--yes")
    assert done.returncode == 0, done.stderr
    assert query(buyer, TABLES) == [("logs",), ("constitutional_logs",)]


@pytest.mark.long
def test_a_handover_that_is_killed_is_repeated_without_a_question(unified: SystemWorld, buyer: DatabaseUrl) -> None:
    words = ["service", "export", "mint", "--to", buyer.plain, "--shape", "legacy", "--catalog", "azora", "--extract"]
    with psycopg.connect(unified.target.conninfo()) as blocking:
        process = subprocess.Popen([sys.executable, "-m", "payrollx_db", *words], env=unified.env)
        eventually(lambda: bool(query(buyer, TABLES)), "the tables there")
        blocking.execute("LOCK TABLE mint.wallets IN ACCESS EXCLUSIVE MODE")
        eventually(lambda: value(unified.target, WAITING) == 1, "the handover waiting")
        process.kill()
        process.wait()
    assert len(query(buyer, TABLES)) == 6
    done = export(unified, "mint", buyer, "--extract")
    assert done.returncode == 0, done.stderr
    assert len(query(buyer, TABLES)) == 5


@pytest.mark.long
def test_who_comes_while_another_process_fills_it_takes_nothing_away(unified: SystemWorld, buyer: DatabaseUrl) -> None:
    query(buyer, LEFT_BEHIND)
    with psycopg.connect(buyer.conninfo()) as other:
        other.execute("LOCK TABLE payrollx_handover IN SHARE UPDATE EXCLUSIVE MODE")
        done = export(unified, "health_monitor", buyer, "--yes")
    assert (done.returncode, "another process" in done.stderr) == (6, True), done.stderr
    assert query(buyer, TABLES) == [("payrollx_handover",), ("logs",)]


def test_a_handover_that_is_not_proven_leaves_nothing(unified: SystemWorld, buyer: DatabaseUrl) -> None:
    def write_meanwhile(event: object) -> None:
        if isinstance(event, StageStarted) and event.stage == "verify":
            query(unified.target, "UPDATE mint.wallets SET balance = balance + 1")

    source = Endpoint(unified.target, "target", "unified")
    story = export_legacy(
        unified.catalog, unified.layout, "mint", source, Endpoint(buyer, "source", "azora_mint"),
        extract=True, observer=write_meanwhile,
    )  # fmt: skip
    try:
        with pytest.raises(FindingsError, match="differ"):
            asyncio.run(story)
    finally:
        query(unified.target, "UPDATE mint.wallets SET balance = balance - 1")
    assert query(buyer, EVERYTHING) == []


def test_a_character_that_the_buyers_encoding_lacks_leaves_nothing(unified: SystemWorld, buyer: DatabaseUrl) -> None:
    query(unified.server, f'DROP DATABASE "{buyer.dbname}"')
    query(unified.server, f"CREATE DATABASE \"{buyer.dbname}\" ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    query(unified.target, "UPDATE auth.users SET name = name || '漢字' WHERE id = (SELECT min(id) FROM auth.users)")
    try:
        done = export(unified, "auth", buyer)
    finally:
        query(unified.target, "UPDATE auth.users SET name = replace(name, '漢字', '')")
    assert done.returncode == 3, done.stderr
    assert "hint: make the database that is written with ENCODING 'UTF8'" in done.stderr
    assert query(buyer, EVERYTHING) == []


@pytest.mark.skipif(PROGRAM is None, reason="there is no pgbouncer here")
@pytest.mark.parametrize("side", ["buyer", "unified"])
def test_a_pooler_on_either_side_is_refused_before_anything_is_made(
    unified: SystemWorld, buyer: DatabaseUrl, side: str
) -> None:
    """Also where it lends one session for each database, for which a second one would wait for two minutes."""
    login = {key: text for key in ("user", "password") if (text := buyer.params.get(key))}
    with running_pooler(buyer, login, size=1) as place:
        to = DatabaseUrl({**buyer.params, **place}) if side == "buyer" else buyer
        given = {} if side == "buyer" else {"DATABASE_URL": DatabaseUrl({**unified.target.params, **place}).plain}
        done = export(dataclasses.replace(unified, given=given), "mint", to)
    assert (done.returncode, "a pooler stands at" in done.stderr) == (3, True), done.stderr
    assert "filling" not in done.stderr
    assert query(buyer, EVERYTHING) == []


def test_who_may_not_write_there_is_told_what_is_missing(
    unified: SystemWorld, server: TestServer, buyer: DatabaseUrl
) -> None:
    query(buyer, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with a_login(server.url, []) as login:
        done = export(unified, "health_monitor", as_login(buyer, login))
    assert (done.returncode, "may create tables" in done.stderr) == (5, True), done.stderr


@pytest.mark.long
def test_a_service_leaves_the_database_in_which_it_is_placed(
    unified: SystemWorld, server: TestServer, buyer: DatabaseUrl
) -> None:
    """Its rows of others are elsewhere then, and a database without its tables is named for what it is."""
    name = unique("apart")
    empty = server.create_database(name)
    away = dataclasses.replace(unified, target=empty)
    try:
        done = export(away, "health_monitor", buyer)
        assert (done.returncode, "isn't migrated" in done.stderr) == (5, True), done.stderr
        assert query(buyer, EVERYTHING) == []
        placed = dataclasses.replace(away, given={"HEALTH_MONITOR_DATABASE_URL": unified.target.plain})
        done = export(placed, "health_monitor", buyer)
        assert done.returncode == 0, done.stderr
        planned = placed.run("plan")
        assert planned.returncode == 5
        assert "health_monitor is placed elsewhere" in planned.stderr
        migrate.upgrade(empty, unified.catalog, service="mint")
        done = export(away, "mint", buyer, "--extract")
        assert (done.returncode, "auth.users can't go along" in done.stderr) == (2, True), done.stderr
    finally:
        server.drop_database(name)


def test_options_of_the_legacy_shape_are_refused_without_it(unified: SystemWorld, buyer: DatabaseUrl) -> None:
    done = unified.run("service", "export", "mint", "--to", buyer.plain, "--extract")
    assert (done.returncode, "--shape legacy" in done.stderr) == (2, True), done.stderr


def test_what_the_old_type_would_change_is_found_and_nothing_is_left(unified: SystemWorld, buyer: DatabaseUrl) -> None:
    """Education's prices are floats in the old shape: eighteen digits don't come back from one."""
    query(unified.target, "UPDATE education.courses SET price = 1234567890.12345678")
    try:
        done = unified.run("service", "export", "education", "--to", buyer.plain, "--shape", "legacy")
    finally:
        query(unified.target, "UPDATE education.courses SET price = 1")
    assert done.returncode == 3, done.stderr
    assert "courses" in done.stderr
    assert query(buyer, TABLES) == []
