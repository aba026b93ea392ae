"""``roles --check``: each fault in the walls is named, and mended by the SQL that comes with it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from conftest import unique
from psycopg import sql
from schema_snapshots import run
from shop_roles import Shop
from worlds import value

from payrollx_db.errors import CatalogError, TargetError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.finding import LARGE_OBJECT, PREPARED_TRANSACTION, ROLE_SETTING, Finding
from payrollx_db.model.finding import ROLE_LACKS as MISSING
from payrollx_db.model.finding import ROLE_TOO_MUCH as TOO_MUCH
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.schema.roles import search_path, snapshot, statements
from payrollx_db.schema.roles.check import check, judge
from payrollx_db.schema.roles.snapshot import read
from payrollx_db.unified import CATALOG

# What is done behind the walls' back, and what has to be said about it.
FAULTS: dict[str, tuple[str, str]] = {
    "GRANT SELECT ON shop.orders TO PUBLIC": (TOO_MUCH, "PUBLIC has SELECT on table shop.orders"),
    "GRANT SELECT, TRIGGER ON shop.orders TO {crm}": (TOO_MUCH, "{crm} has SELECT, TRIGGER on table shop.orders"),
    "GRANT USAGE ON SCHEMA shop TO PUBLIC": (TOO_MUCH, "PUBLIC has USAGE on schema shop"),
    "GRANT USAGE ON SCHEMA shop TO {crm}": (TOO_MUCH, "{crm} has USAGE on schema shop"),
    "GRANT CREATE ON SCHEMA shop TO {shop}": (TOO_MUCH, "{shop} has CREATE on schema shop"),
    'GRANT SELECT (email) ON "the crm".customers TO {shop}': (
        TOO_MUCH,
        "{shop} has SELECT on column the crm.customers.email",
    ),
    "GRANT REFERENCES (id) ON shop.orders TO PUBLIC": (TOO_MUCH, "PUBLIC has REFERENCES on column shop.orders.id"),
    "GRANT TRUNCATE ON shop.orders TO {shop}": (TOO_MUCH, "{shop} has TRUNCATE on table shop.orders"),
    'GRANT INSERT ON shop."order lines" TO {reader}': (TOO_MUCH, "{reader} has INSERT on table shop.order lines"),
    "GRANT SELECT ON shop.orders TO {stranger}": (TOO_MUCH, "{stranger} has SELECT on table shop.orders"),
    "GRANT SELECT ON shop.orders TO {shop} WITH GRANT OPTION": (
        TOO_MUCH,
        "{shop} may grant SELECT on table shop.orders to others",
    ),
    "GRANT SELECT ON shop.orders TO {shop} WITH GRANT OPTION; SET ROLE {shop}; GRANT SELECT ON shop.orders TO {crm}": (
        TOO_MUCH,
        "{crm} has SELECT on table shop.orders",
    ),
    "REVOKE SELECT ON shop.orders FROM {shop}": (MISSING, "{shop} lacks SELECT on table shop.orders"),
    "REVOKE SELECT ON shop.orders FROM {reader}": (MISSING, "{reader} lacks SELECT on table shop.orders"),
    "REVOKE ALL ON shop.orders FROM {owner}": (MISSING, "{owner} lacks SELECT, INSERT, UPDATE"),
    "REVOKE SELECT ON shop.orders FROM {shop}; GRANT SELECT ON shop.orders TO PUBLIC": (
        TOO_MUCH,
        "PUBLIC has SELECT on table shop.orders",
    ),
    "REVOKE USAGE ON SCHEMA shop FROM {shop}": (MISSING, "{shop} lacks USAGE on schema shop"),
    "GRANT UPDATE ON SEQUENCE shop.orders_id_seq TO {shop}": (
        TOO_MUCH,
        "{shop} has UPDATE on sequence shop.orders_id_seq",
    ),
    "REVOKE USAGE ON SEQUENCE shop.orders_id_seq FROM {shop}": (
        MISSING,
        "{shop} lacks USAGE on sequence shop.orders_id_seq",
    ),
    "GRANT USAGE ON TYPE shop.size TO PUBLIC": (TOO_MUCH, "PUBLIC has USAGE on type shop.size"),
    "REVOKE USAGE ON TYPE shop.size FROM {shop}": (MISSING, "{shop} lacks USAGE on type shop.size"),
    "GRANT EXECUTE ON FUNCTION shop.one TO PUBLIC": (
        TOO_MUCH,
        "PUBLIC has EXECUTE on routine shop.one(a integer)",
    ),
    "GRANT EXECUTE ON FUNCTION shop.act TO {crm}": (TOO_MUCH, "{crm} has EXECUTE on routine shop.act()"),
    "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO PUBLIC": (
        TOO_MUCH,
        "PUBLIC has CONNECT, TEMPORARY on database",
    ),
    "GRANT CREATE ON DATABASE {database} TO {crm}": (TOO_MUCH, "{crm} has CREATE on database"),
    "REVOKE CONNECT ON DATABASE {database} FROM {crm}": (MISSING, "{crm} lacks CONNECT on database"),
    "REVOKE TEMPORARY ON DATABASE {database} FROM {owner}": (MISSING, "{owner} lacks TEMPORARY on database"),
    "GRANT CREATE ON SCHEMA public TO PUBLIC": (TOO_MUCH, "PUBLIC has CREATE on schema public"),
    "CREATE TABLE public.notes (a int); GRANT SELECT ON public.notes TO {crm}": (
        TOO_MUCH,
        "{crm} has SELECT on table public.notes",
    ),
    "CREATE TABLE public.notes (a int); ALTER TABLE public.notes OWNER TO {crm}": (
        MISSING,
        "table public.notes belongs to {crm}, not to {owner}",
    ),
    "CREATE SCHEMA payrollx_meta; GRANT USAGE ON SCHEMA payrollx_meta TO PUBLIC": (
        TOO_MUCH,
        "PUBLIC has USAGE on schema payrollx_meta",
    ),
    "GRANT SET ON PARAMETER session_replication_role TO {shop}": (
        TOO_MUCH,
        "{shop} has SET on parameter session_replication_role",
    ),
    "GRANT ALTER SYSTEM ON PARAMETER made_up.setting TO PUBLIC": (
        TOO_MUCH,
        "PUBLIC has ALTER SYSTEM on parameter made_up.setting",
    ),
    "ALTER DATABASE {database} OWNER TO {crm}": (TOO_MUCH, "{crm} has CREATE on schema public, granted to neither it"),
    "ALTER TABLE shop.orders OWNER TO {crm}": (MISSING, "table shop.orders belongs to {crm}, not to {owner}"),
    "ALTER TYPE shop.size OWNER TO {stranger}": (MISSING, "type shop.size belongs to {stranger}, not to {owner}"),
    "ALTER FUNCTION shop.one OWNER TO {stranger}": (
        MISSING,
        "routine shop.one(a integer) belongs to {stranger}, not to {owner}",
    ),
    "ALTER SCHEMA shop OWNER TO {stranger}": (MISSING, "schema shop belongs to {stranger}, not to {owner}"),
    "CREATE TABLE shop.more (a int)": (MISSING, "table shop.more belongs to "),
    "GRANT {crm} TO {shop}": (TOO_MUCH, "{shop} is a member of {crm}"),
    "GRANT {owner} TO {shop}": (TOO_MUCH, "{shop} is a member of {owner}"),
    "GRANT {shop} TO {reader}": (TOO_MUCH, "{reader} is a member of {shop}"),
    "GRANT {crm} TO {stranger} WITH ADMIN OPTION; SET ROLE {stranger}; GRANT {crm} TO {shop}": (
        TOO_MUCH,
        "{shop} is a member of {crm}",
    ),
    "GRANT pg_read_all_data TO {crm}": (TOO_MUCH, "{crm} is a member of pg_read_all_data"),
    "GRANT {shop}, {owner} TO {stranger}": (TOO_MUCH, "{stranger}, a member of {shop}, may become {owner}"),
    "GRANT {shop} TO {stranger} WITH ADMIN OPTION": (TOO_MUCH, "{stranger}, a member of {shop}, may make others"),
    "GRANT {shop} TO {stranger}; ALTER ROLE {stranger} SUPERUSER": (
        TOO_MUCH,
        "{stranger}, a member of {shop}, is a superuser",
    ),
    "ALTER ROLE {shop} SUPERUSER": (TOO_MUCH, "{shop} has SUPERUSER"),
    "ALTER ROLE {shop} CREATEROLE BYPASSRLS": (TOO_MUCH, "{shop} has CREATEROLE, BYPASSRLS"),
    "ALTER ROLE {owner} LOGIN": (TOO_MUCH, "{owner} has LOGIN"),
    "DROP OWNED BY {reader}; DROP ROLE {reader}": (MISSING, "there is no role {reader}"),
    "ALTER FUNCTION shop.act RESET search_path": (
        MISSING,
        "function shop.act() runs with the rights of {owner} and leaves its search_path to the caller",
    ),
    "ALTER FUNCTION shop.act SET search_path = ''": (MISSING, "finds temporary tables before others"),
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA shop REVOKE SELECT ON TABLES FROM {shop}": (
        MISSING,
        "{shop} will lack SELECT on tables that {owner} makes in shop",
    ),
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA shop REVOKE SELECT ON TABLES FROM {reader}": (
        MISSING,
        "{reader} will lack SELECT on tables that {owner} makes in shop",
    ),
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA shop REVOKE USAGE ON SEQUENCES FROM {shop}": (
        MISSING,
        "{shop} will lack USAGE on sequences that {owner} makes in shop",
    ),
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT ON TABLES TO PUBLIC": (
        TOO_MUCH,
        "PUBLIC will have SELECT on tables that {owner} makes anywhere",
    ),
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT EXECUTE ON FUNCTIONS TO PUBLIC": (
        TOO_MUCH,
        "PUBLIC will have EXECUTE on functions that {owner} makes anywhere",
    ),
    "ALTER DEFAULT PRIVILEGES FOR ROLE {stranger} IN SCHEMA shop GRANT SELECT ON TABLES TO {crm}": (
        TOO_MUCH,
        "{crm} will have SELECT on tables that {stranger} makes in shop",
    ),
    "ALTER ROLE {shop} SET statement_timeout = '1ms'": (
        ROLE_SETTING,
        "each session of {shop} begins with statement_timeout = 1ms",
    ),
    "ALTER ROLE {shop} SET lock_timeout = 999": (ROLE_SETTING, "each session of {shop} begins with lock_timeout = 999"),
    "ALTER ROLE {crm} IN DATABASE {database} SET search_path = public": (
        ROLE_SETTING,
        "each session of {crm} in {database} begins with search_path = public",
    ),
    "GRANT {shop} TO {stranger}; ALTER ROLE {stranger} SET default_transaction_read_only = on": (
        ROLE_SETTING,
        "each session of {stranger} begins with default_transaction_read_only = on",
    ),
    "ALTER ROLE {owner} SET role = {crm}; ALTER ROLE {reader} SET role = {owner}": (
        ROLE_SETTING,
        "each session of {reader} begins with role = {owner}",
    ),
    "ALTER ROLE {reader} SET session_preload_libraries = 'x'": (
        ROLE_SETTING,
        "each session of {reader} begins with session_preload_libraries = x",
    ),
    "ALTER ROLE {shop} SET log_min_error_statement = panic": (
        ROLE_SETTING,
        "begins with log_min_error_statement = panic",
    ),
    "SET ROLE {shop}; SELECT lo_create(90001), lo_create(90002)": (
        LARGE_OBJECT,
        "{shop} owns 2 large objects, in no service's schema",
    ),
    "SELECT lo_create(90003); GRANT SELECT ON LARGE OBJECT 90003 TO {crm}": (
        LARGE_OBJECT,
        "{crm} has privileges on a large object",
    ),
    "SELECT lo_create(90004); GRANT UPDATE ON LARGE OBJECT 90004 TO PUBLIC": (
        LARGE_OBJECT,
        "PUBLIC has privileges on a large object",
    ),
    'SET ROLE {owner}; CREATE VIEW shop.far AS SELECT * FROM "the crm".customers': (
        TOO_MUCH,
        "{shop} reads the crm.customers through shop.far",
    ),
    'SET ROLE {owner}; CREATE MATERIALIZED VIEW shop.far AS SELECT * FROM "the crm".customers': (
        TOO_MUCH,
        "{shop} reads the crm.customers through shop.far",
    ),
    'SET ROLE {owner}; CREATE TABLE shop.people (id bigint); ALTER TABLE "the crm".customers INHERIT shop.people': (
        TOO_MUCH,
        "{shop} reads the crm.customers through shop.people",
    ),
}


@pytest.fixture
def undone(shared_shop: Shop) -> Iterator[psycopg.Connection[Any]]:
    """A session of a superuser whose transaction is undone after the test."""
    with psycopg.connect(shared_shop.url.conninfo()) as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_and_its_sql_mends_it(
    fault: str, shared_shop: Shop, undone: psycopg.Connection[Any]
) -> None:
    def found() -> tuple[Finding, ...]:
        undone.execute("RESET ROLE")
        return judge(shared_shop.catalog, read(undone, shared_shop.catalog)).findings

    assert found() == ()
    code, message = FAULTS[fault]
    said = message.format(**{name: part.as_string().strip('"') for name, part in shared_shop.names.items()})

    undone.execute(shared_shop.statement(fault))

    assert [finding for finding in found() if finding.code == code and said in finding.message], found()
    for _ in range(2):  # what a role lacks of a thing shows only once it no longer owns it
        for finding in found():
            undone.execute(finding.sql)
    assert found() == ()


REPAIRED = [
    fault for fault in FAULTS
    if fault.startswith(("GRANT SELECT", "GRANT USAGE", "REVOKE", "GRANT TRUNCATE", "GRANT INSERT", "GRANT UPDATE"))
    and not any(word in fault for word in ("{stranger}", "FROM {owner}", "GRANT OPTION"))
] + [
    "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO PUBLIC",
    "GRANT CREATE ON DATABASE {database} TO {crm}",
    "GRANT SELECT ON shop.orders TO {shop} WITH GRANT OPTION; SET ROLE {shop}; GRANT SELECT ON shop.orders TO {crm}",
    "GRANT CREATE ON SCHEMA public TO PUBLIC",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT ON TABLES TO PUBLIC",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA shop REVOKE SELECT ON TABLES FROM {shop}",
]  # fmt: skip


def test_the_grants_repair_what_was_granted_or_revoked_by_hand(shop: Shop) -> None:
    for fault in REPAIRED:
        shop.run(fault)
    assert len(shop.findings()) > len(REPAIRED) / 2  # several speak of one thing, or outdo each other

    run(shop.url, statements.script(shop.catalog))

    assert shop.findings() == ()


def test_what_is_no_fault(shop: Shop) -> None:
    shop.run("""
        GRANT {shop}, {crm}, {reader} TO {stranger};  -- one login for several services
        ALTER ROLE {stranger} SET role = {shop};
        ALTER ROLE {shop} SET statement_timeout = '1min';
        ALTER ROLE {crm} SET statement_timeout = 1000; ALTER ROLE {crm} SET lock_timeout = 0;
        ALTER ROLE {reader} SET work_mem = '64MB'; ALTER ROLE {reader} SET "my.tenant" = 'a';
        ALTER ROLE {reader} SET default_transaction_read_only = off; ALTER ROLE {reader} SET jit = off;
        SELECT lo_create(0);
        ALTER ROLE {shop} LOGIN; ALTER ROLE {crm} LOGIN;
        GRANT EXECUTE ON FUNCTION shop.one TO {shop};
        SET ROLE {owner};
        CREATE VIEW shop.near AS SELECT * FROM shop.orders;
        CREATE TABLE shop.years (y int) PARTITION BY LIST (y); CREATE TABLE shop.y1 PARTITION OF shop.years DEFAULT;
        CREATE DOMAIN shop.money AS numeric; CREATE TYPE shop.pair AS (a int, b int);
        CREATE TYPE shop.span AS RANGE (subtype = numeric, multirange_type_name = shop.spans);
        CREATE PROCEDURE shop.work() LANGUAGE sql AS '';
        RESET ROLE;
        CREATE SCHEMA theirs AUTHORIZATION {stranger};
        CREATE TABLE theirs.things (id int);
        GRANT USAGE ON SCHEMA theirs TO PUBLIC
    """)

    assert [finding.message for finding in shop.findings()] == []


def test_a_prepared_transaction_that_nobody_ends_is_named(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if value(shop.url, "SELECT current_setting('max_prepared_transactions')") == "0":
        pytest.skip("this server takes no prepared transactions")
    name = unique("it's prepared")
    with psycopg.connect(shop.url.conninfo()) as connection:
        connection.execute(shop.statement("SET ROLE {shop}; DELETE FROM shop.orders"))  # type: ignore[arg-type]
        connection.execute(sql.SQL("PREPARE TRANSACTION {}").format(name))
    assert shop.findings() == ()  # a moment is nothing
    monkeypatch.setattr(snapshot, "PREPARED_MINUTES", 0)

    findings = shop.findings()
    run(shop.url, sql.SQL("ROLLBACK PREPARED {}").format(name).as_string() if not findings else findings[0].sql)

    assert [(finding.code, finding.place) for finding in findings] == [(PREPARED_TRANSACTION, f"transaction {name}")]
    role = shop.catalog.services[0].role
    assert f"the transaction {name} that {role} prepared at 20" in findings[0].message
    assert shop.findings() == ()


def test_a_login_that_comes_in_through_public_only_is_not_locked_out(shop: Shop) -> None:
    shop.run(
        "GRANT CONNECT ON DATABASE {database} TO PUBLIC; ALTER ROLE {stranger} NOINHERIT; GRANT {shop} TO {stranger}"
    )
    login = DatabaseUrl({**shop.url.params, "user": shop.stranger, "password": "made up"})

    (finding,) = shop.findings()
    run(shop.url, finding.sql)

    assert shop.findings() == ()
    run(login, sql.SQL("SET ROLE {shop}; SELECT FROM shop.orders").format(**shop.names).as_string())


def test_a_login_that_cannot_come_in_is_named(shop: Shop) -> None:
    shop.run("ALTER ROLE {stranger} NOINHERIT; GRANT {shop} TO {stranger}")

    (finding,) = shop.findings()

    assert finding.message.endswith(f"may not connect to the database {shop.url.dbname}")
    run(shop.url, finding.sql)
    assert shop.findings() == ()


def test_a_table_that_is_not_there_is_named(shop: Shop) -> None:
    shop.run("DROP TABLE shop.orders")

    assert [finding.message for finding in shop.findings()] == ["no table shop.orders"]


def test_a_service_that_is_elsewhere_is_not_judged(shop: Shop) -> None:
    shop.run('DROP SCHEMA "the crm" CASCADE')

    report = check(shop.url, shop.catalog)

    assert (report.absent, report.findings) == (("crm",), ())


def test_a_database_without_any_schema_of_the_catalog_is_one_error(database: DatabaseUrl) -> None:
    with pytest.raises(TargetError, match="no schema of the catalog payrollx") as caught:
        check(database, CATALOG)

    assert "payrollx-db migrate" in caught.value.hint


@pytest.mark.parametrize("service", [None, "wallet"])
def test_a_migrated_database_has_no_fault(service: str | None, database: DatabaseUrl) -> None:
    migrate.upgrade(database, CATALOG, service=service)

    report = check(database, CATALOG)

    assert [finding.message for finding in report.findings] == []
    assert report.checked > (1000 if service is None else 300)
    assert ("payroll" in report.absent) is (service is not None)
    assert "wallet" not in report.absent


def test_who_may_see_nothing_can_still_check(shop: Shop) -> None:
    shop.run("GRANT CONNECT ON DATABASE {database} TO {stranger}")
    login = DatabaseUrl({**shop.url.params, "user": shop.stranger, "password": "made up"})

    assert check(login, shop.catalog) == check(shop.url, shop.catalog)


def test_who_may_not_connect_is_told_without_the_password(shop: Shop) -> None:
    login = DatabaseUrl({**shop.url.params, "user": shop.stranger, "password": "made up"})

    with pytest.raises(TargetError, match="permission denied for database") as caught:
        check(login, shop.catalog)

    assert "made up" not in str(caught.value)


def test_names_that_need_quotes(database: DatabaseUrl) -> None:
    odd = unique("""it's "so" % {0}""")
    service = Service("odd", schema="s\"%'", role=odd, tables=('t"%',))
    catalog = Catalog("odd\n--", (service,), owner_role=f"{odd} owner", reader_role=f"{odd} reader")
    roles = (catalog.owner_role, catalog.reader_role, odd)
    try:
        run(database, statements.roles(catalog))
        owner = sql.Identifier(catalog.owner_role)
        table = sql.Identifier(service.schema, service.tables[0])
        made = sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}; CREATE TABLE {} (); ALTER TABLE {} OWNER TO {}")
        run(database, made.format(sql.Identifier(service.schema), owner, table, table, owner).as_string())
        for finding in check(database, catalog).findings:
            run(database, finding.sql)
        assert check(database, catalog).findings == ()
        run(database, statements.script(catalog))
        assert check(database, catalog).findings == ()
    finally:
        for role in roles:
            with psycopg.connect(database.conninfo(), autocommit=True) as connection:
                named = sql.Identifier(role)
                connection.execute(sql.SQL("DROP OWNED BY {0} CASCADE; DROP ROLE {0}").format(named))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["search_path=pg_catalog, shop, pg_temp"], ""),
        (["work_mem=1MB", 'search_path="The Shop", pg_temp'], ""),
        (None, "leaves its search_path to the caller"),
        (["work_mem=1MB"], "leaves its search_path to the caller"),
        (['search_path="$user", pg_temp'], '"$user"'),
        (['search_path=""'], "temporary tables before"),
        (["search_path=pg_temp, pg_catalog"], "temporary tables before"),
        (["search_path=pg_catalog"], "temporary tables before"),
        (["search_path=public, pg_temp"], "looks in public, where others may create"),
    ],
)
def test_a_path_is_pinned(settings: list[str] | None, said: str) -> None:
    found = search_path.problem(settings, {"public"})

    assert (found == "") if not said else (said in found)


def test_a_role_has_one_part_only() -> None:
    services = (Service("a", schema="a", role="r"),)
    for roles in ({"owner_role": "r"}, {"reader_role": "r"}, {"owner_role": "x", "reader_role": "x"}):
        with pytest.raises(CatalogError, match="two of the owner, the reader and the services"):
            Catalog("c", services, **roles)
