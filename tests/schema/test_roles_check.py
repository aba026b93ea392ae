"""``roles --check``: who may check, what is no fault, and what else is named."""

import psycopg
import pytest
from conftest import unique
from psycopg import sql
from schema_snapshots import run
from shop_roles import Shop
from worlds import value

from payrollx_db.errors import CatalogError, TargetError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.finding import PREPARED_TRANSACTION
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.schema.roles import search_path, snapshot, statements
from payrollx_db.schema.roles.check import check
from payrollx_db.unified import CATALOG


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
