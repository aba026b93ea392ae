"""A domain leaves in its legacy shape, equal to what it came from, and comes back."""

import json
from collections.abc import Iterator

import pytest
from conftest import TestServer, unique
from system_facts import SystemWorld, open_world
from worlds import query, value

from payrollx_db.postgres.url import DatabaseUrl

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


@pytest.fixture(scope="module")
def unified(server: TestServer) -> Iterator[SystemWorld]:
    """Azora, consolidated."""
    for world in open_world(server, "azora", "legacy", 5):
        assert world.run("copy").returncode == 0
        yield world


@pytest.fixture
def buyer(server: TestServer) -> Iterator[DatabaseUrl]:
    name = unique("buyer")
    yield server.create_database(name)
    server.drop_database(name)


def legacy_tables(world: SystemWorld, service: str) -> list[str]:
    (database,) = (known for known in world.layout.databases if known.service == service)
    return sorted(known.source.name for known in database.maps)


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


def test_a_database_that_holds_something_is_left_alone(unified: SystemWorld, buyer: DatabaseUrl) -> None:
    query(buyer, "CREATE TABLE precious (id int)")
    done = unified.run("service", "export", "mint", "--to", buyer.plain, "--shape", "legacy")
    assert done.returncode == 6
    assert "isn't empty" in done.stderr
    assert query(
        buyer, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ) == [("precious",)]


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
