"""What services declare as readable others may read, column by column; what is secret nobody reads but its owner."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from conftest import TestServer, unique
from psycopg import sql
from sqlalchemy import exists, select, text, update
from sqlalchemy.orm import aliased
from worlds import query

from payrollx_db.catalogs import registry
from payrollx_db.catalogs.azora import auth, education, mint, unified
from payrollx_db.errors import BoundaryError, CatalogError
from payrollx_db.facade import engines
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate, roles
from payrollx_db.schema.seed import insert_seed

AZORA, TEC = registry.find("azora"), registry.find("tec")


@pytest.fixture(scope="module")
def seeded(server: TestServer) -> Iterator[DatabaseUrl]:
    """Azora's unified database with its seed."""
    name = unique("reads")
    url = server.create_database(name)
    migrate.upgrade(url, AZORA)
    insert_seed(url, AZORA, registry.seed(AZORA), AZORA.services)
    yield url
    server.drop_database(name)


@pytest.fixture
def here(seeded: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseUrl]:
    """The same, where facades find it."""
    monkeypatch.setenv("DATABASE_URL", seeded.plain)
    yield seeded
    engines.dispose()


def as_role(url: DatabaseUrl, role: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        return connection.execute(sql.SQL(statement)).fetchall()  # type: ignore[arg-type] # the tests' own


def refused(url: DatabaseUrl, role: str, statement: str) -> bool:
    try:
        as_role(url, role, statement)
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


@pytest.mark.parametrize("catalog", [AZORA, pytest.param(TEC, marks=pytest.mark.long)], ids=["azora", "tec"])
def test_each_role_reads_what_it_may_and_no_column_more(server: TestServer, catalog: Catalog) -> None:
    """The wall of every service with reads and secrets, by the server's own word for every column."""
    name = unique("matrix")
    url = server.create_database(name)
    try:
        migrate.upgrade(url, catalog)
        assert roles.check.check(url, catalog).findings == ()
        may_read = set(
            query(
                url,
                "SELECT r.rolname, format('%%I.%%I', n.nspname, c.relname), a.attname"
                " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
                " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
                " CROSS JOIN pg_roles AS r"
                " WHERE c.relkind = 'r' AND n.nspname = ANY (%s) AND r.rolname = ANY (%s)"
                " AND has_schema_privilege(r.oid, n.oid, 'USAGE')"
                " AND has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT')",
                (
                    [service.schema for service in catalog.services],
                    [*(service.role for service in catalog.services), catalog.reader_role],
                ),
            )
        )
        expected = {
            (role, table.fullname, column.name)
            for table in catalog.models.tables.values()
            for column in table.columns
            for role in (*(service.role for service in catalog.services), catalog.reader_role)
            if reads(catalog, role, table.fullname, column.name)
        }
        assert may_read == expected
        writes = query(
            url,
            "SELECT r.rolname, n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " CROSS JOIN pg_roles AS r WHERE c.relkind = 'r' AND n.nspname = ANY (%s) AND r.rolname = ANY (%s)"
            " AND (has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE')"
            " OR has_table_privilege(r.oid, c.oid, 'DELETE'))"
            " GROUP BY 1, 2",
            (
                [service.schema for service in catalog.services],
                [*(service.role for service in catalog.services), catalog.reader_role],
            ),
        )
        assert set(writes) == {(service.role, service.schema) for service in catalog.services}
    finally:
        server.drop_database(name)


def reads(catalog: Catalog, role: str, table: str, column: str) -> bool:
    """Tell by the declarations alone whether a role may read a column."""
    owner = catalog.owner(table)
    if role == owner.role:
        return True
    if column in catalog.secrets.get(table, ()):
        return False
    if role == catalog.reader_role:
        return True
    service = next(known for known in catalog.services if known.role == role)
    shown = catalog.readable.get(table)
    return table in service.reads and (not shown or column in shown)


def test_a_service_reads_what_another_declares(here: DatabaseUrl) -> None:
    with mint.db.session() as session:
        rows = session.execute(
            select(mint.Wallet.balance, auth.User.name).join(auth.User, auth.User.id == mint.Wallet.user_id)
        ).all()
    assert {name for _, name in rows} == {"Themba Ndlovu", "Dr. Naledi Khumalo", "Kofi Mensah"}


@pytest.mark.parametrize(
    "statement",
    [
        select(auth.User),
        select(auth.User.password),
        select(auth.User.created_at),
        select(auth.Session.id),
        select(aliased(auth.User).password),
        select(mint.Wallet).where(mint.Wallet.user_id.in_(select(auth.User.id).where(auth.User.password == "x"))),
        update(auth.User).values(name="taken"),
        select(education.Student.id),
    ],
    ids=[
        "whole row",
        "secret",
        "not declared",
        "another table",
        "by an alias",
        "in a condition",
        "write",
        "not its reads",
    ],
)
def test_a_service_reads_nothing_more(here: DatabaseUrl, statement: object) -> None:
    with pytest.raises(BoundaryError), mint.db.session() as session:
        session.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT password FROM auth.users", "SELECT * FROM auth.users", "SELECT u FROM auth.users AS u",
        "SELECT to_jsonb(u) FROM auth.users AS u", "SELECT created_at FROM auth.users", "SELECT 1 FROM auth.sessions",
        "UPDATE auth.users SET name = 'taken'", "SELECT id FROM auth.users FOR UPDATE", "SELECT 1 FROM forge.jobs",
    ],
)  # fmt: skip
def test_raw_sql_of_a_service_reads_nothing_more(seeded: DatabaseUrl, statement: str) -> None:
    assert refused(seeded, "azora_mint", statement)
    assert as_role(seeded, "azora_mint", "SELECT count(id), count(email) FROM auth.users") == [(3, 3)]


def test_the_reader_sees_everything_but_secrets(here: DatabaseUrl) -> None:
    with unified.reader.session() as session:
        joined = select(auth.User.created_at, mint.Wallet.balance).join(
            mint.Wallet, mint.Wallet.user_id == auth.User.id
        )
        assert session.execute(joined).first()
    for statement in (select(auth.User), select(auth.Token.token), select(auth.MFASettings.backup_codes)):
        with pytest.raises(BoundaryError, match="its own service's alone"), unified.reader.session() as session:
            session.execute(statement)
    for whole in (text("SELECT * FROM auth.users"), select(mint.Wallet.id).where(exists().where(auth.User.id == "x"))):
        with pytest.raises(BoundaryError, match="alone is password"), unified.reader.session() as session:
            session.execute(whole)
    assert refused(here, AZORA.reader_role, "SELECT password FROM auth.users")
    assert refused(here, AZORA.reader_role, "SELECT * FROM auth.sessions")
    with auth.db.session() as session:
        assert session.execute(select(auth.User.password)).first()


def test_rights_that_reach_further_are_found_and_mended(server: TestServer) -> None:
    name = unique("rights")
    url = server.create_database(name)
    try:
        migrate.upgrade(url, AZORA)
        query(url, "GRANT SELECT ON auth.users TO azora_mint, azora_reader")
        query(url, "GRANT SELECT (password) ON auth.users TO azora_forge")
        query(url, "REVOKE SELECT (name) ON auth.users FROM azora_nexus")
        query(url, "REVOKE USAGE ON SCHEMA auth FROM azora_education")
        found = roles.check.check(url, AZORA).findings
        assert {(f.code, f.subject, f.place) for f in found} == {
            ("role-too-much", "azora_mint", "table auth.users"),
            ("role-too-much", "azora_reader", "table auth.users"),
            ("role-too-much", "azora_forge", "column auth.users.password"),
            ("role-lacks", "azora_nexus", "table auth.users"),
            ("role-lacks", "azora_education", "schema auth"),
        }
        for finding in found:
            query(url, finding.sql)
        assert roles.check.check(url, AZORA).findings == ()
    finally:
        server.drop_database(name)


def test_a_service_cannot_read_what_nobody_declares() -> None:
    stranger = replace(AZORA.service("mint"), reads=("auth.sessions",))
    services = tuple(stranger if known.name == "mint" else known for known in AZORA.services)
    with pytest.raises(CatalogError, match=r"mint reads auth\.sessions, which no service declares readable"):
        replace(AZORA, services=services)
    assert isinstance(stranger, Service)


def test_a_text_that_reads_a_secret_is_refused_by_the_server(here: DatabaseUrl) -> None:
    with pytest.raises(BoundaryError), mint.db.session() as session:
        session.execute(text("SELECT password FROM auth.users"))


def test_a_column_taken_from_a_whole_table_is_still_read_and_said_to_be(seeded: DatabaseUrl) -> None:
    """REVOKE of a column takes nothing from a grant of its table, and says that it went well."""
    query(seeded, "GRANT SELECT ON auth.users TO azora_mint")
    query(seeded, "REVOKE SELECT (password) ON auth.users FROM azora_mint")
    assert not refused(seeded, "azora_mint", "SELECT password FROM auth.users")
    found = roles.check.check(seeded, AZORA).findings
    assert [(f.code, f.subject, f.place) for f in found] == [("role-too-much", "azora_mint", "table auth.users")]
    migrate.upgrade(seeded, AZORA)
    assert refused(seeded, "azora_mint", "SELECT password FROM auth.users")
    assert roles.check.check(seeded, AZORA).findings == ()


def test_a_column_that_is_added_later_is_the_readers_after_a_migration_and_nobody_elses(seeded: DatabaseUrl) -> None:
    """Where columns are granted one by one, a new one is in no grant."""
    query(seeded, "ALTER TABLE auth.users ADD COLUMN nickname text")
    try:
        assert refused(seeded, AZORA.reader_role, "SELECT nickname FROM auth.users")
        migrate.upgrade(seeded, AZORA)
        assert as_role(seeded, AZORA.reader_role, "SELECT count(nickname) FROM auth.users") == [(0,)]
        assert refused(seeded, AZORA.reader_role, "SELECT password FROM auth.users")
        assert refused(seeded, "azora_mint", "SELECT nickname FROM auth.users")
        assert as_role(seeded, "azora_auth", "SELECT count(nickname) FROM auth.users") == [(0,)]
    finally:
        query(seeded, "ALTER TABLE auth.users DROP COLUMN nickname")


BY_HAND = {
    "renamed": "ALTER TABLE auth.users RENAME TO users_2024",
    "copy": "CREATE TABLE auth.spare AS SELECT password AS token, email AS address FROM auth.users",
    "secrets": "CREATE TABLE auth.spare AS SELECT password FROM auth.users",
    "view": "CREATE VIEW auth.spare AS SELECT * FROM auth.users",
}


@pytest.mark.parametrize("made", BY_HAND)
def test_what_is_called_as_a_secret_column_is_one_in_a_table_that_no_model_knows(server: TestServer, made: str) -> None:
    """Neither does the check advise to grant the reader such a column, nor does a migration grant it."""
    name = unique("by_hand")
    url = server.create_database(name)
    try:
        migrate.upgrade(url, AZORA)
        query(url, f"SET ROLE {AZORA.owner_role}; {BY_HAND[made]}")
        for _ in range(2):
            for finding in roles.check.check(url, AZORA).findings:
                query(url, finding.sql)
        for table in ("auth.users_2024",) if made == "renamed" else ("auth.spare", "auth.users"):
            assert refused(url, AZORA.reader_role, f"SELECT * FROM {table}")
        query(url, "GRANT SELECT ON ALL TABLES IN SCHEMA auth TO azora_reader")
        script = roles.statements.script(AZORA)
        query(url, script)
        table, column = ("users_2024", "email") if made == "renamed" else ("spare", "address")
        assert refused(url, AZORA.reader_role, f"SELECT * FROM auth.{table}")
        if made in ("renamed", "copy"):
            assert as_role(url, AZORA.reader_role, f"SELECT count({column}) FROM auth.{table}") == [(0,)]
        left = {f.code for f in roles.check.check(url, AZORA).findings}
        assert left == ({"role-lacks"} if made == "renamed" else set())  # there is no auth.users
    finally:
        server.drop_database(name)
