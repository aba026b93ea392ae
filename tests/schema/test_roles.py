"""The walls: who owns what, what each service's role may do, and who may raise them."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import generate_sql
import psycopg
import pytest
from conftest import TestServer, unique
from psycopg import errors, sql
from schema_snapshots import picture, run
from servers import THROW_AWAY, in_memory

from payrollx_db.devserver import Server
from payrollx_db.errors import PayrollxError, TargetError
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate, shipped
from payrollx_db.schema.roles import statements
from payrollx_db.schema.roles.check import check, judge
from payrollx_db.schema.roles.snapshot import read
from payrollx_db.unified import CATALOG

ROLES = [CATALOG.owner_role, CATALOG.reader_role, *(service.role for service in CATALOG.services)]
SERVICES = pytest.mark.parametrize("service", CATALOG.services, ids=lambda service: service.name)

USER = "INSERT INTO auth.users (email, password, first_name, last_name) VALUES ('a@b', '', '', '') RETURNING id"
ORGANIZATION = "INSERT INTO organization.organizations (name, created_by) VALUES ('o', gen_random_uuid()) RETURNING id"


def as_role(url: DatabaseUrl, role: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement as ``role`` and commit."""
    with psycopg.connect(url.conninfo()) as connection:
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        cursor = connection.execute(statement, values or None)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description is not None else []


def ask(url: DatabaseUrl, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url.conninfo()) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


# -- what the walls are, on the shared server ----------------------------------------------------------


@pytest.fixture(scope="module")
def walled(server: TestServer) -> Iterator[DatabaseUrl]:
    """A migrated database; tests leave rows and nothing else behind."""
    name = unique("walled")
    url = server.create_database(name)
    migrate.upgrade(url, CATALOG)
    yield url
    server.drop_database(name)


def test_the_files_are_what_the_catalog_says() -> None:
    for name, text in generate_sql.pages().items():
        assert (shipped.folder("sql") / name).read_text(encoding="utf-8") == text, "run scripts/generate_sql.py"
        assert all(f"'{role}'" in text for role in ROLES)


def test_no_role_of_ours_can_log_in_or_do_more_than_it_should(walled: DatabaseUrl) -> None:
    found = ask(
        walled,
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'payrollx\\_%' AND NOT"
        " (rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)",
    )

    assert set(ROLES) <= {name for (name,) in found}


def test_the_owner_owns_everything(walled: DatabaseUrl) -> None:
    owners = ask(
        walled,
        "SELECT DISTINCT relowner::regrole::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname !~ '^(pg_|information_schema)' UNION SELECT nspowner::regrole::text FROM pg_namespace"
        " WHERE nspname !~ '^(pg_|information_schema|public)'",
    )

    assert owners == [(CATALOG.owner_role,)]


def test_public_may_do_nothing(walled: DatabaseUrl) -> None:
    granted = ask(
        walled,
        """
        SELECT nspname, relname, privilege_type FROM pg_class
            JOIN pg_namespace ON pg_namespace.oid = relnamespace,
            aclexplode(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)))
            WHERE nspname !~ '^(pg_|information_schema)' AND grantee = 0 AND relkind IN ('r', 'S')
        UNION ALL SELECT nspname, NULL, privilege_type FROM pg_namespace,
            aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
            WHERE nspname !~ '^(pg_|information_schema|public)' AND grantee = 0
        UNION ALL SELECT nspname, typname, privilege_type FROM pg_type
            JOIN pg_namespace ON pg_namespace.oid = typnamespace,
            aclexplode(coalesce(typacl, acldefault('T', typowner)))
            WHERE nspname !~ '^(pg_|information_schema)' AND grantee = 0 AND typtype = 'e'
        """,
    )

    assert granted == []


@SERVICES
def test_a_role_reads_and_writes_its_own_tables_and_no_others(service: Any, walled: DatabaseUrl) -> None:
    for table in CATALOG.tables():
        for statement in ("SELECT FROM {}", "DELETE FROM {} WHERE false"):
            query = sql.SQL(statement).format(sql.Identifier(*table.split("."))).as_string()
            if CATALOG.owner(table) == service:
                as_role(walled, service.role, query)
            else:
                with pytest.raises(errors.InsufficientPrivilege, match="permission denied for schema"):
                    as_role(walled, service.role, query)


@SERVICES
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE {schema}.mine (id integer)",
        "TRUNCATE {schema}.{table} CASCADE",
        "ALTER TABLE {schema}.{table} ADD mine text",
        "DROP SCHEMA {schema}",
        "SELECT FROM payrollx_meta.alembic_version",
        "CREATE SCHEMA mine",
        "SET LOCAL ROLE payrollx_owner",
    ],
)
def test_a_role_may_not(service: Any, statement: str, walled: DatabaseUrl) -> None:
    names = {"schema": sql.Identifier(service.schema), "table": sql.Identifier(service.tables[0])}
    query = sql.SQL(statement).format(**names)

    with psycopg.connect(walled.conninfo()) as connection:
        # SET ROLE is judged by who has logged in, not by who one has become
        connection.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(service.role)))
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(query)


def test_references_between_services_hold_without_privileges_there(walled: DatabaseUrl) -> None:
    ((user,),) = as_role(walled, "payrollx_auth", USER)
    ((organization,),) = as_role(walled, "payrollx_organization", ORGANIZATION)
    hire = "INSERT INTO employee.employees (organization_id, user_id) VALUES (%s, %s) RETURNING kyc_status::text"

    assert as_role(walled, "payrollx_employee", hire, organization, user) == [("PENDING",)]
    with pytest.raises(errors.ForeignKeyViolation, match="fk_employees_user_id"):
        as_role(walled, "payrollx_employee", hire, organization, organization)
    with pytest.raises((errors.ForeignKeyViolation, errors.RestrictViolation), match="fk_employees_user_id"):
        as_role(walled, "payrollx_auth", "DELETE FROM auth.users WHERE id = %s", user)


def test_what_the_owner_makes_later_is_within_the_walls(database: DatabaseUrl) -> None:
    migrate.upgrade(database, CATALOG, service="auth")
    as_role(database, CATALOG.owner_role, "CREATE TABLE auth.devices (id serial PRIMARY KEY)")
    as_role(database, CATALOG.owner_role, "CREATE FUNCTION auth.one() RETURNS integer LANGUAGE sql AS 'SELECT 1'")

    as_role(database, "payrollx_auth", "INSERT INTO auth.devices DEFAULT VALUES")
    with pytest.raises(errors.InsufficientPrivilege, match="permission denied for function one"):
        as_role(database, "payrollx_auth", "SELECT auth.one()")


def test_a_run_with_nothing_to_do_repairs_the_walls(database: DatabaseUrl) -> None:
    migrate.upgrade(database, CATALOG, service="auth")
    before = picture(database)
    run(
        database,
        "GRANT USAGE ON SCHEMA auth TO PUBLIC; GRANT SELECT ON auth.users TO PUBLIC;"
        "REVOKE SELECT ON auth.users FROM payrollx_auth",
    )
    assert picture(database) != before

    assert migrate.upgrade(database, CATALOG, service="auth").applied == ()
    assert ask(database, "SELECT has_table_privilege('payrollx_auth', 'auth.users', 'SELECT')") == [(True,)]
    assert not any("=r/" in re.sub(r"\w=\w*r\w*/", "", line) for line in picture(database)["relations"])


# -- who may raise them, on a server of our own, because roles belong to the whole server ---------------


@pytest.fixture(scope="module")
def own_server(request: pytest.FixtureRequest) -> Iterator[TestServer]:
    folder = Path(tempfile.mkdtemp(prefix="payrollx-db-", dir=in_memory()))
    try:
        embedded = Server(folder, settings=THROW_AWAY)
        url = embedded.up()
    except PayrollxError as error:
        pytest.skip(f"no server of our own: {error}")
    try:
        with closing(TestServer(url)) as chosen:
            yield chosen
    finally:
        embedded.destroy()


@pytest.fixture
def two(own_server: TestServer) -> Iterator[tuple[DatabaseUrl, DatabaseUrl]]:
    """Two empty databases on a server that has none of our roles; ``deployer`` may log in and create there."""
    urls = own_server.create_database("one"), own_server.create_database("two")
    for url in urls:
        run(url, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")  # as it is since Postgres 15
    run(own_server.url, "CREATE ROLE deployer LOGIN PASSWORD 'made up'")
    run(own_server.url, "GRANT CREATE ON DATABASE one, two TO deployer")
    yield urls
    for name in ("one", "two"):
        own_server.drop_database(name)
    for (name,) in ask(own_server.url, "SELECT rolname FROM pg_roles WHERE rolname ~ '^(payrollx_|deployer)'"):
        run(own_server.url, sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)).as_string())


def deployers(url: DatabaseUrl) -> DatabaseUrl:
    return DatabaseUrl({**url.params, "user": "deployer", "password": "made up"})


def round_trip(url: DatabaseUrl) -> None:
    migrate.upgrade(url, CATALOG)
    assert migrate.check(url, CATALOG) == []
    before = picture(url)
    migrate.downgrade(url, CATALOG, revision="base")
    migrate.upgrade(url, CATALOG)
    assert picture(url) == before
    owners = ask(url, "SELECT DISTINCT nspowner::regrole::text FROM pg_namespace WHERE nspname !~ '^(pg_|inf|pub)'")
    assert owners == [("payrollx_owner",)]


Two = tuple[DatabaseUrl, DatabaseUrl]


def test_who_may_create_roles_needs_no_superuser(two: Two) -> None:
    run(two[0], "ALTER ROLE deployer CREATEROLE")

    round_trip(deployers(two[0]))
    migrate.upgrade(deployers(two[1]), CATALOG)  # the roles are there by now
    assert migrate.check(deployers(two[1]), CATALOG) == []


@pytest.mark.parametrize("inherits", [pytest.param("INHERIT", marks=pytest.mark.long), "NOINHERIT"])
def test_where_a_dba_made_the_roles_a_member_needs_nothing_else(inherits: str, two: Two) -> None:
    run(two[0], f"ALTER ROLE deployer {inherits}")
    script = (shipped.folder("sql") / "roles.sql").read_text(encoding="utf-8")
    for _ in range(2):
        run(two[1], script)  # from whichever database, as often as one likes
    run(two[1], "GRANT payrollx_owner TO deployer")

    round_trip(deployers(two[0]))
    deployer = ask(two[0], "SELECT rolinherit, rolcreaterole, rolsuper FROM pg_roles WHERE rolname = 'deployer'")
    assert deployer == [(inherits == "INHERIT", False, False)]


def test_who_may_do_neither_is_told_what_to_ask_for(two: Two) -> None:
    with pytest.raises(TargetError, match="CREATEROLE unless a DBA has run") as caught:
        migrate.upgrade(deployers(two[0]), CATALOG)

    assert "made up" not in str(caught.value)
    assert ask(two[0], "SELECT FROM pg_roles WHERE rolname LIKE 'payrollx%'") == []


def test_two_databases_at_once_make_the_roles_once(two: Two) -> None:
    run(two[0], "ALTER ROLE deployer CREATEROLE")
    both = [deployers(url) for url in two]

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(upgrade_elsewhere, both))

    assert ask(two[0], "SELECT count(*) FROM pg_roles WHERE rolname ~ '^payrollx_'") == [(len(ROLES),)]
    assert [migrate.check(url, CATALOG) for url in both] == [[], []]


def upgrade_elsewhere(url: DatabaseUrl) -> bool:
    """Upgrade in a process of its own: in one process, Alembic lets only one at a time."""
    environment = {**os.environ, "DATABASE_URL": url.sqlalchemy()}
    done = subprocess.run(
        [sys.executable, "-m", "payrollx_db", "migrate"], env=environment, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return True


def test_going_down_in_one_database_leaves_the_other_alone(two: Two) -> None:
    for url in two:
        migrate.upgrade(url, CATALOG)
    before = picture(two[1])

    migrate.downgrade(two[0], CATALOG, revision="base")

    assert picture(two[1]) == before
    assert len(as_role(two[1], "payrollx_auth", USER)) == 1


@pytest.mark.skipif(shutil.which("psql") is None, reason="there is no psql here")
def test_the_files_run_in_psql(two: Two) -> None:
    def psql(name: str) -> None:
        settings = {f"PG{key.upper()}": value for key, value in two[0].params.items() if key != "dbname"}
        subprocess.run(
            ["psql", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--file", shipped.folder("sql") / name],
            env={**os.environ, "PGDATABASE": two[0].dbname, **settings},
            check=True,
            capture_output=True,
        )

    for _ in range(2):  # by their names, as a container's first start does: grants before there is a role or a table
        psql("grants.sql")
        psql("roles.sql")
    psql("grants.sql")
    migrate.upgrade(two[0], CATALOG)
    before = picture(two[0])
    psql("roles.sql")
    psql("grants.sql")
    assert picture(two[0]) == before
    assert check(two[0], CATALOG).findings == ()


@pytest.mark.parametrize("inherits", [pytest.param("INHERIT", marks=pytest.mark.long), "NOINHERIT"])
def test_what_only_the_databases_owner_may_shut_is_named_and_left_to_a_dba(inherits: str, two: Two) -> None:
    run(two[0], f"ALTER ROLE deployer CREATEROLE {inherits}")
    migrate.upgrade(deployers(two[0]), CATALOG)

    (finding,) = check(two[0], CATALOG).findings
    assert finding.message == "PUBLIC has CONNECT, TEMPORARY on database one"
    with psycopg.connect(two[0].conninfo()) as connection:  # either way the deployer still comes in
        connection.execute(finding.sql)
        assert judge(CATALOG, read(connection, CATALOG)).findings == ()
        assert connection.execute("SELECT has_database_privilege('deployer', 'one', 'CONNECT')").fetchone() == (True,)
        connection.rollback()
    run(two[0], statements.script(CATALOG))
    assert check(deployers(two[0]), CATALOG).findings == ()
    assert migrate.upgrade(deployers(two[0]), CATALOG).applied == ()


def test_who_owns_the_database_needs_no_dba(two: Two) -> None:
    run(two[0], "ALTER ROLE deployer CREATEROLE; ALTER DATABASE one OWNER TO deployer")

    migrate.upgrade(deployers(two[0]), CATALOG)

    assert check(deployers(two[0]), CATALOG).findings == ()
