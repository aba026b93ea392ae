"""Services call the functions of their own schema, and reach extensions; the check computes what the server says."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from schema_snapshots import run
from shop_roles import Shop
from worlds import value

from payrollx_db.schema.roles import statements
from payrollx_db.schema.roles.snapshot import Securable, read

FUNCTIONS = """
    SET ROLE {owner};
    CREATE FUNCTION shop.total(integer, VARIADIC text[] = '{{}}') RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE FUNCTION shop."odd ""name" (a shop.size) RETURNS integer LANGUAGE sql AS 'SELECT 2';
    CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN new; END';
    CREATE FUNCTION shop.unsafe() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 3';
    CREATE PROCEDURE shop.work() LANGUAGE sql AS '';
    CREATE AGGREGATE shop.product (integer) (SFUNC = int4mul, STYPE = integer);
    CREATE FUNCTION "the crm".theirs() RETURNS integer LANGUAGE sql AS 'SELECT 4';
    ALTER TABLE shop.orders ADD CHECK (shop.total(id) > 0);
    CREATE INDEX ON shop.orders (shop.total(id));
    RESET ROLE;
"""
CALLED = ("total(integer, text[])", '"odd ""name"(shop.size)', "work()", "product(integer)", "act()")
NOT_CALLED = ("touch()", "unsafe()")


@pytest.fixture
def undone(shared_shop: Shop) -> Iterator[psycopg.Connection[Any]]:
    """A session of a superuser whose transaction is undone after the test."""
    with psycopg.connect(shared_shop.url.conninfo()) as connection:
        yield connection
        connection.rollback()


def may_call(shop: Shop, role: str, function: str) -> bool:
    query = sql.SQL("SELECT pg_catalog.has_function_privilege({}, {}, 'EXECUTE')").format(role, function)
    return bool(value(shop.url, query.as_string()))


def test_a_service_calls_its_own_functions_and_nobody_elses(shop: Shop) -> None:
    shop.run(FUNCTIONS)
    mine, theirs = (service.role for service in shop.catalog.services)
    shop_run = "SET ROLE {shop}; INSERT INTO shop.orders DEFAULT VALUES"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):  # a check of the table calls one of them
        shop.run(shop_run)
    lacks = [finding.message for finding in shop.findings() if "lacks" in finding.message]
    assert f"{mine} lacks EXECUTE on routine shop.total(integer, VARIADIC text[])" in lacks
    assert not any(name in message for message in lacks for name in ("touch", "unsafe"))

    run(shop.url, statements.grants(shop.catalog))

    shop.run(shop_run)
    shop.run("SET ROLE {shop}; CALL shop.work(); SELECT shop.product(id) FROM shop.orders")
    assert [name for name in CALLED if not may_call(shop, mine, f"shop.{name}")] == []
    assert [name for name in NOT_CALLED if may_call(shop, mine, f"shop.{name}")] == []
    for role, functions in {theirs: (*CALLED, *NOT_CALLED), shop.catalog.reader_role: CALLED}.items():
        assert [name for name in functions if may_call(shop, role, f"shop.{name}")] == []
    assert may_call(shop, theirs, '"the crm".theirs()')
    assert not may_call(shop, mine, '"the crm".theirs()')
    assert not may_call(shop, shop.stranger, "shop.total(integer, text[])")  # as PUBLIC
    (finding,) = shop.findings()
    assert finding.message.startswith("function shop.unsafe() runs with the rights of ")


def test_what_a_migration_granted_stays_and_what_others_were_granted_goes(shop: Shop) -> None:
    shop.run(
        FUNCTIONS + "GRANT EXECUTE ON FUNCTION shop.unsafe TO {shop}; GRANT EXECUTE ON FUNCTION shop.total TO {crm}"
    )

    run(shop.url, statements.grants(shop.catalog))

    mine, theirs = (service.role for service in shop.catalog.services)
    assert may_call(shop, mine, "shop.unsafe()")
    assert not may_call(shop, theirs, "shop.total(integer, text[])")


def test_an_extension_in_a_schema_of_its_own_is_reached(shop: Shop) -> None:
    """The server's only extension stands for any: it takes a function in, which default privileges had closed."""
    shop.run("""
        CREATE SCHEMA "their extensions"; REVOKE ALL ON SCHEMA "their extensions" FROM PUBLIC;
        CREATE SCHEMA made_by_one; ALTER EXTENSION plpgsql ADD SCHEMA made_by_one;
        CREATE FUNCTION "their extensions".fold(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
        CREATE FUNCTION "their extensions".own(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
        ALTER EXTENSION plpgsql ADD FUNCTION "their extensions".fold(text);
        REVOKE ALL ON FUNCTION "their extensions".fold(text) FROM PUBLIC;
        REVOKE ALL ON FUNCTION "their extensions".own(text) FROM PUBLIC;
        ALTER EXTENSION plpgsql ADD FUNCTION "their extensions".own(text);  -- which the extension itself restricts
        UPDATE pg_extension SET extnamespace = '"their extensions"'::regnamespace WHERE extname = 'plpgsql'
    """)
    call = """SET ROLE {crm}; SELECT "their extensions".fold('a')"""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        shop.run(call)
    crm = shop.catalog.services[1].role
    messages = [finding.message for finding in shop.findings()]
    assert f"{crm} lacks USAGE on schema their extensions" in messages
    assert "nobody but its owner may call a function of the extension plpgsql" in messages
    fixes = [finding.sql for finding in shop.findings()]

    run(shop.url, statements.grants(shop.catalog))

    shop.run(call)
    assert [finding.message for finding in shop.findings()] == []
    assert not may_call(shop, crm, '"their extensions".own(text)')
    assert not value(shop.url, f"SELECT has_schema_privilege('{crm}', 'made_by_one', 'USAGE')")
    shop.run("""
        REVOKE USAGE ON SCHEMA "their extensions" FROM {owner}, {shop}, {crm}, {reader};
        REVOKE EXECUTE ON FUNCTION "their extensions".fold FROM PUBLIC
    """)
    for fix in fixes:  # and what the check prints does the same
        run(shop.url, fix)
    assert [finding.message for finding in shop.findings()] == []


# Ways by which a role may hold something, other than a grant to itself; each in the roles of one shop.
WAYS = {
    "a member that inherits": "GRANT {crm} TO {shop}",
    "a member that doesn't": "ALTER ROLE {shop} NOINHERIT; GRANT {crm} TO {shop}",
    "a member of a member": "GRANT {stranger} TO {crm}; GRANT {crm} TO {shop};"
    " GRANT SELECT ON shop.orders TO {stranger}",
    "a chain that breaks": "GRANT {stranger} TO {crm}; GRANT {crm} TO {shop}; ALTER ROLE {crm} NOINHERIT;"
    " GRANT SELECT ON shop.orders TO {stranger}",
    "one who reads all": "GRANT pg_read_all_data TO {crm}",
    "one who writes all": "GRANT pg_write_all_data TO {crm}; GRANT {crm} TO {reader}",
    "a superuser": "ALTER ROLE {shop} SUPERUSER",
    "a member of a superuser": "ALTER ROLE {crm} SUPERUSER; GRANT {crm} TO {shop}",
    "the owner of a table": "ALTER TABLE shop.orders OWNER TO {crm}; REVOKE DELETE ON shop.orders FROM {crm}",
    "a member of an owner": "ALTER TABLE shop.orders OWNER TO {stranger}; GRANT {stranger} TO {crm}",
    "the owner of the database": "ALTER DATABASE {database} OWNER TO {crm}; GRANT {crm} TO {shop}",
    "everybody": "GRANT SELECT, TRUNCATE ON shop.orders TO PUBLIC; GRANT USAGE ON TYPE shop.size TO PUBLIC;"
    " GRANT EXECUTE ON FUNCTION shop.one TO PUBLIC; GRANT CREATE ON SCHEMA public TO PUBLIC",
    "a column only": "GRANT SELECT (id) ON shop.orders TO {crm}",
}
SINCE_15 = {"a setting": "GRANT SET ON PARAMETER session_replication_role TO {crm}; GRANT {crm} TO {shop}"}
SINCE_16 = {
    "WITH INHERIT FALSE": "GRANT {crm} TO {shop} WITH INHERIT FALSE, SET TRUE",
    "WITH SET FALSE": "GRANT {crm} TO {shop} WITH INHERIT TRUE, SET FALSE",
    "of two grants one inherits": "GRANT {crm} TO {shop} WITH INHERIT FALSE; ALTER ROLE {stranger} CREATEROLE;"
    " GRANT {crm} TO {stranger} WITH ADMIN OPTION;"
    " SET ROLE {stranger}; GRANT {crm} TO {shop} WITH INHERIT TRUE; RESET ROLE",
    "only administering": "GRANT {crm} TO {shop} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
}
SINCE_17 = {"one who maintains all": "GRANT pg_maintain TO {crm}"}
ALL_WAYS = {
    way: (statement, since)
    for since, ways in ((0, WAYS), (150000, SINCE_15), (160000, SINCE_16), (170000, SINCE_17))
    for way, statement in ways.items()
}


@pytest.mark.parametrize("way", ALL_WAYS)
def test_what_a_role_holds_is_what_the_server_says(
    way: str, shared_shop: Shop, undone: psycopg.Connection[Any]
) -> None:
    statement, since = ALL_WAYS[way]
    if undone.info.server_version < since:
        pytest.skip("this server is too old for that")
    undone.execute(shared_shop.statement(statement))  # type: ignore[arg-type]

    snapshot = read(undone, shared_shop.catalog)

    roles = (shared_shop.catalog.owner_role, *statements.users(shared_shop.catalog))
    compared = 0
    for thing in snapshot.things:
        for role in roles:
            privileges = snapshot.privileges[thing.kind]
            expected = {p for p in privileges if server_says(undone, role, thing, p)}
            assert snapshot.held(role, thing) == expected, (role, str(thing))
            compared += len(privileges)
    assert compared > 100


def server_says(connection: psycopg.Connection[Any], role: str, thing: Securable, privilege: str) -> bool:
    named: Any = thing.name
    if thing.kind == "routine":
        named = connection.execute(
            "SELECT p.oid FROM pg_catalog.pg_proc AS p WHERE pronamespace = %s::regnamespace AND proname = %s"
            " AND pg_catalog.pg_get_function_identity_arguments(p.oid) = %s",
            [sql.Identifier(thing.schema).as_string(), thing.name, thing.arguments],
        ).fetchall()[0][0]
    elif thing.kind not in ("database", "schema", "parameter"):
        named = sql.Identifier(thing.schema, thing.name).as_string()
    kind = sql.SQL("function" if thing.kind == "routine" else thing.kind)
    query = sql.SQL("SELECT pg_catalog.has_{}_privilege(%s, {}, %s)").format(
        kind, sql.SQL("%s::oid" if thing.kind == "routine" else "%s")
    )
    return bool(connection.execute(query, [role, named, privilege]).fetchall()[0][0])
