"""Each fault in the walls is named by ``roles --check``, and mended by the SQL that comes with it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from matrices import some
from schema_snapshots import run
from shop_roles import Shop

from payrollx_db.model.finding import LARGE_OBJECT, ROLE_SETTING, Finding
from payrollx_db.model.finding import ROLE_LACKS as MISSING
from payrollx_db.model.finding import ROLE_TOO_MUCH as TOO_MUCH
from payrollx_db.schema.roles import statements
from payrollx_db.schema.roles.check import judge
from payrollx_db.schema.roles.snapshot import read

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
    'SET ROLE {owner}; CREATE RULE far AS ON INSERT TO shop.orders DO ALSO DELETE FROM "the crm".customers': (
        TOO_MUCH,
        "{shop} reaches the crm.customers through the rule far of shop.orders",
    ),
    "SET ROLE {owner}; CREATE VIEW shop.far WITH (security_invoker) AS SELECT 1 AS id; CREATE RULE far AS"
    ' ON DELETE TO shop.far DO INSTEAD DELETE FROM "the crm".customers': (
        TOO_MUCH,
        "{shop} reaches the crm.customers through the rule far of shop.far",
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


@pytest.mark.parametrize("fault", some(FAULTS))
def test_each_fault_is_named_and_its_sql_mends_it(
    fault: str, shared_shop: Shop, undone: psycopg.Connection[Any]
) -> None:
    def found() -> tuple[Finding, ...]:
        undone.execute("RESET ROLE")
        return judge(shared_shop.catalog, read(undone, shared_shop.catalog)).findings

    assert found() == ()
    code, message = FAULTS[fault]
    if " ON PARAMETER " in fault and undone.info.server_version < 150000:
        pytest.skip("this server has no privileges on settings")
    if "security_invoker" in fault and undone.info.server_version < 150000:
        pytest.skip("views have it since Postgres 15")
    if fault.startswith("ALTER DATABASE") and undone.info.server_version < 150000:
        pytest.skip("on this server, the database's owner has nothing of the schema public")
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
