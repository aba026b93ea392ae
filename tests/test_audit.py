"""The audit: every write to a marked table leaves a record, whoever writes it and however."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from conftest import TestServer, unique
from pictures import picture, run
from psycopg import errors, sql
from sqlalchemy import Column, Engine, Integer, MetaData, Table, Text, create_engine, delete, insert, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from unified import World, query, value

from payrollx_db import audit, ddl, migrations
from payrollx_db.auth import RefreshToken, User
from payrollx_db.base import audited
from payrollx_db.catalog import AUDITED
from payrollx_db.cli import main
from payrollx_db.errors import CatalogError, TargetError
from payrollx_db.unified import CATALOG, metadata
from payrollx_db.urls import DatabaseUrl

MARKS = {
    "auth.users": "auth.audit_logs",
    "auth.refresh_tokens": "auth.audit_logs",
    "organization.organization_settings": "compliance.audit_logs",
    "wallet.wallets": "compliance.audit_logs",
}
TRAIL = (
    "SELECT action, resource, details -> 'changed', details ->> 'role' FROM {} ORDER BY created_at, resource, action"
)
ANA, BEN, CYD = (uuid.UUID(int=n) for n in (1, 2, 3))
PEOPLE = f"""
    INSERT INTO auth.users (id, email, password, first_name, last_name)
    VALUES ('{ANA}', 'ana@example.com', 'hunter2', 'Ana', 'A'), ('{BEN}', 'ben@example.com', 'hunter2', 'Ben', 'B');
    INSERT INTO auth.refresh_tokens (token, user_id, expires_at) VALUES ('hunter3', '{ANA}', 'infinity')
"""  # fmt: skip


def mark(patch: pytest.MonkeyPatch, **more: str) -> None:
    """Mark PayrollX's own tables, as an edit of the models would."""
    for name, log in (MARKS | {key.replace("__", "."): log for key, log in more.items()}).items():
        patch.setitem(metadata.tables[name].info, AUDITED, log)


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    mark(monkeypatch)


@pytest.fixture(scope="module")
def template(server: TestServer, migrated_template: str) -> Iterator[DatabaseUrl]:
    """A migrated database with the triggers of MARKS."""
    name = unique("audited")
    url = server.create_database(name, migrated_template)
    with pytest.MonkeyPatch.context() as patch:
        mark(patch)
        migrations.upgrade(url)
    yield url
    server.drop_database(name)


@pytest.fixture
def own(server: TestServer, template: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """The same, the test's own."""
    name = unique("audited")
    yield server.create_database(name, template.dbname)
    server.drop_database(name)


@pytest.fixture(scope="module")
def shared(server: TestServer, template: DatabaseUrl) -> Iterator[DatabaseUrl]:
    name = unique("audited")
    yield server.create_database(name, template.dbname)
    server.drop_database(name)


@pytest.fixture
def people(shared: DatabaseUrl) -> DatabaseUrl:
    """A database that tests share, with two users and nothing in its logs."""
    as_owner = f"SET LOCAL ROLE {ddl.OWNER}"
    run(shared, f"BEGIN; {as_owner}; TRUNCATE auth.users CASCADE; TRUNCATE compliance.audit_logs; {PEOPLE}; COMMIT")
    return shared


@pytest.fixture(scope="module")
def a_login(shared: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """The URL of a login that is a member of payrollx_auth and of nothing else."""
    name = unique("login")
    role = sql.Identifier(name)
    with psycopg.connect(shared.conninfo(), autocommit=True) as connection:
        if connection.info.server_version >= 160000:
            connection.execute("SET scram_iterations = 4096")  # pg8000 refuses a password that is hashed less
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'made up' IN ROLE payrollx_auth").format(role))
        yield DatabaseUrl({**shared.params, "user": name, "password": "made up"})
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.fixture
def login(a_login: DatabaseUrl, people: DatabaseUrl) -> DatabaseUrl:
    return a_login


@pytest.fixture(params=["psycopg", "pg8000"])
def engine(request: pytest.FixtureRequest, login: DatabaseUrl) -> Iterator[Engine]:
    made = create_engine(login.sqlalchemy(request.param))
    yield made
    made.dispose()


def as_auth(engine: Engine) -> Session:
    session = Session(engine)
    session.execute(text("SET LOCAL ROLE payrollx_auth"))
    return session


def trail(url: DatabaseUrl, log: str = "auth.audit_logs") -> list[tuple[Any, ...]]:
    return query(url, TRAIL.format(log))


AUTH = "payrollx_auth"
A_USER = ("auth.users", None, AUTH)
A_TOKEN = ("auth.refresh_tokens", None, AUTH)


def changed(*columns: str) -> tuple[Any, ...]:
    return ("update", "auth.users", list(columns), AUTH)


# -- no way to write goes unrecorded ----------------------------------------------------------------------

COLUMNS = "(email, password, first_name, last_name)"
NEW = f"{COLUMNS} VALUES ('cyd@example.com', 'x', 'Cyd', 'C')"
AGAIN = f"(id, email, password, first_name, last_name) VALUES ('{ANA}', 'a@b', '', '', '')"
STATEMENTS: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]] = {
    "an insert": ((f"INSERT INTO auth.users {NEW}",), [("insert", *A_USER)]),
    "an insert of what a query finds": (
        (f"INSERT INTO auth.users {COLUMNS} SELECT 'x' || email, '', '', '' FROM auth.users",),
        [("insert", *A_USER)] * 2,
    ),
    "an update": ((f"UPDATE auth.users SET email = 'a@b' WHERE id = '{ANA}'",), [changed("email")]),
    "an update of many": (("UPDATE auth.users SET email = 'x' || email, role = ''",), [changed("email", "role")] * 2),
    "an update that changes nothing": ((f"UPDATE auth.users SET email = email WHERE id = '{ANA}'",), [changed()]),
    "an update that finds nothing": (("UPDATE auth.users SET email = '' WHERE false",), []),
    "an update from and to NULL": (
        (
            f"UPDATE auth.users SET organization_id = gen_random_uuid() WHERE id = '{ANA}'",
            f"UPDATE auth.users SET organization_id = NULL WHERE id = '{ANA}'",
        ),
        [changed("organization_id")] * 2,
    ),
    "an update of the key": ((f"UPDATE auth.users SET id = '{CYD}' WHERE id = '{BEN}'",), [changed("id")]),
    "a delete": ((f"DELETE FROM auth.users WHERE id = '{BEN}'",), [("delete", *A_USER)]),
    "a delete that cascades": (
        (f"DELETE FROM auth.users WHERE id = '{ANA}'",),
        [("delete", *A_USER), ("delete", *A_TOKEN)],
    ),
    "an upsert that inserts": ((f"INSERT INTO auth.users {NEW} ON CONFLICT DO NOTHING",), [("insert", *A_USER)]),
    "an upsert that updates": (
        (f"INSERT INTO auth.users {AGAIN} ON CONFLICT (id) DO UPDATE SET email = excluded.email",),
        [changed("email")],
    ),
    "an upsert that does nothing": ((f"INSERT INTO auth.users {AGAIN} ON CONFLICT DO NOTHING",), []),
    "a merge": (
        (
            (
                f"MERGE INTO auth.users AS old USING (VALUES ('{ANA}'::uuid), ('{CYD}')) AS given (id)"
                " ON old.id = given.id"
                " WHEN MATCHED THEN UPDATE SET role = '' WHEN NOT MATCHED THEN"
                " INSERT (id, email, password, first_name, last_name) VALUES (given.id, 'd@e', '', '', '')"
            ),
        ),
        [changed("role"), ("insert", *A_USER)],
    ),
    "a CTE": (
        (
            (
                "WITH gone AS (DELETE FROM auth.refresh_tokens RETURNING user_id)"
                " UPDATE auth.users SET role = '' FROM gone WHERE id = gone.user_id"
            ),
        ),
        [("delete", *A_TOKEN), changed("role")],
    ),
    "a block, part of which is undone": (
        (
            (
                "DO $$ BEGIN UPDATE auth.users SET role = ''; RAISE data_exception;"
                " EXCEPTION WHEN data_exception THEN DELETE FROM auth.refresh_tokens; END $$"
            ),
        ),
        [("delete", *A_TOKEN)],
    ),
    "a function": (
        (
            "CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql AS 'DELETE FROM auth.refresh_tokens'",
            "SELECT pg_temp.f()",
            "DROP FUNCTION pg_temp.f()",
        ),
        [("delete", *A_TOKEN)],
    ),
    "a view": (
        (
            "CREATE TEMP VIEW somebody AS SELECT * FROM auth.users",
            "UPDATE pg_temp.somebody SET role = ''",
            "DROP VIEW pg_temp.somebody",
        ),
        [changed("role")] * 2,
    ),
    "a cursor": (
        (
            "DECLARE each CURSOR FOR SELECT FROM auth.users FOR UPDATE",
            "MOVE each",
            "UPDATE auth.users SET role = '' WHERE CURRENT OF each",
            "CLOSE each",
        ),
        [changed("role")],
    ),
    "a prepared statement": (
        ("PREPARE p (text) AS UPDATE auth.users SET role = $1", "EXECUTE p('')", "DEALLOCATE p"),
        [changed("role")] * 2,
    ),
    "another search_path": (
        ("SET LOCAL search_path = auth, pg_temp", "UPDATE users SET role = ''"),
        [changed("role")] * 2,
    ),
    "functions of one's own before the system's": (
        (
            "CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'",
            "SET LOCAL search_path = pg_temp, pg_catalog",
            "UPDATE auth.users SET role = ''",
            "DROP FUNCTION pg_temp.lower",
        ),
        [changed("role")] * 2,
    ),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_raw_sql_is_recorded(name: str, engine: Engine, people: DatabaseUrl) -> None:
    statements, expected = STATEMENTS[name]
    with as_auth(engine) as session:
        for statement in statements:
            session.execute(text(statement.replace(":", r"\:")))
        session.commit()

    assert trail(people) == expected


def test_the_orm_is_recorded(engine: Engine, people: DatabaseUrl) -> None:
    names = {"password": "x", "first_name": "", "last_name": ""}
    with as_auth(engine) as session:
        session.add(User(email="cyd@example.com", **names))
        session.flush()
        session.get_one(User, BEN).role = "ADMIN"
        session.flush()
        session.delete(session.get_one(User, BEN))
        session.flush()
        session.execute(insert(User), [{"email": f"{n}@many", **names} for n in range(3)])
        session.execute(update(User).where(User.id == ANA).values(role="ADMIN"))
        session.bulk_save_objects([User(email="bulk@example.com", **names)])
        session.execute(delete(RefreshToken))
        session.commit()

    assert trail(people) == [
        ("insert", *A_USER),
        changed("role", "updated_at"),
        ("delete", *A_USER),
        *[("insert", *A_USER)] * 3,
        changed("role", "updated_at"),
        ("insert", *A_USER),
        ("delete", *A_TOKEN),
    ]


def test_core_is_recorded(engine: Engine, people: DatabaseUrl) -> None:
    users = User.__table__
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL ROLE payrollx_auth"))
        row = {"id": ANA, "email": "a@b", "password": "", "first_name": "", "last_name": ""}
        upsert = postgresql.insert(users).values(row)  # type: ignore[arg-type]
        connection.execute(upsert.on_conflict_do_update(index_elements=["id"], set_={"email": "a@b"}))
        connection.execute(users.delete())  # type: ignore[attr-defined]

    assert trail(people) == [
        changed("email"), *[("delete", *A_USER)] * 2, ("delete", *A_TOKEN),
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["text", "binary"])
def test_copy_is_recorded(form: str, people: DatabaseUrl) -> None:
    statement = f"COPY auth.users (email, password, first_name, last_name) FROM STDIN (FORMAT {form})"
    with psycopg.connect(people.conninfo()) as connection:
        connection.execute("SET LOCAL ROLE payrollx_auth")
        with connection.cursor().copy(statement) as copy:  # type: ignore[arg-type]
            for n in range(3):
                copy.write_row([f"{n}@copied", "", "", ""])

    assert trail(people) == [("insert", *A_USER)] * 3


def test_truncate_is_recorded_though_no_service_may(people: DatabaseUrl) -> None:
    with psycopg.connect(people.conninfo()) as connection:
        connection.execute("TRUNCATE auth.refresh_tokens")
        superuser = connection.info.user

    assert trail(people) == [("truncate", "auth.refresh_tokens", None, superuser)]


# -- what is written ----------------------------------------------------------------------------------------


def test_a_record_says_who_what_and_when(people: DatabaseUrl) -> None:
    with psycopg.connect(people.conninfo(), application_name="auth-api 1.2") as connection:
        connection.execute("SET LOCAL ROLE payrollx_auth")
        (before,) = connection.execute("SELECT clock_timestamp()").fetchone() or ()
        connection.execute("UPDATE auth.users SET role = 'ADMIN' WHERE id = %s", [ANA])
        (after,) = connection.execute("SELECT clock_timestamp()").fetchone() or ()
        (address,) = connection.execute("SELECT host(inet_client_addr())").fetchone() or ()
        login = connection.info.user

    ((user, resource, key, details, ip, agent, at),) = query(
        people,
        "SELECT user_id, resource, resource_id, details, ip_address, user_agent, created_at FROM auth.audit_logs",
    )
    assert (resource, key) == ("auth.users", str(ANA))
    assert details == {"role": AUTH, "login": login, "application": "auth-api 1.2", "changed": ["role"]}
    assert before < at < after
    assert (user, ip, agent) == (None, address, None)


def test_a_changed_key_is_told_with_both(people: DatabaseUrl) -> None:
    run(people, f"UPDATE auth.users SET id = '{uuid.UUID(int=9)}' WHERE id = '{BEN}'")

    told = query(people, "SELECT resource_id, details ->> 'new_id' FROM auth.audit_logs")
    assert told == [(str(BEN), str(uuid.UUID(int=9)))]


def test_no_value_lands_in_the_log(people: DatabaseUrl) -> None:
    run(people, "UPDATE auth.users SET password = 'hunter4'; UPDATE auth.refresh_tokens SET token = 'hunter5';"
                "DELETE FROM auth.users; " + PEOPLE)  # fmt: skip

    assert value(people, "SELECT count(*) FROM auth.audit_logs") == 9
    assert value(people, "SELECT count(*) FROM auth.audit_logs AS log WHERE log::text LIKE '%%hunter%%'") == 0


def test_a_log_of_another_service_needs_no_right_to_it(people: DatabaseUrl) -> None:
    user, organization = uuid.uuid4(), uuid.uuid4()
    run(
        people,
        f"""
        INSERT INTO auth.users (id, email, password, first_name, last_name) VALUES ('{user}', 'eve@x', '', '', '');
        INSERT INTO organization.organizations (id, name, created_by) VALUES ('{organization}', '{user}', '{user}');
        INSERT INTO employee.employees (id, organization_id, user_id) VALUES ('{user}', '{organization}', '{user}');
        BEGIN; SET LOCAL ROLE payrollx_organization;
        INSERT INTO organization.organization_settings (organization_id) VALUES ('{organization}'); COMMIT;
        BEGIN; SET LOCAL ROLE payrollx_wallet;
        INSERT INTO wallet.wallets (employee_id, public_key, created_by) VALUES ('{user}', 'pk', '{user}');
        UPDATE wallet.wallets SET key_share_ids = '{{a,b}}', is_active = false; COMMIT;
        """,
    )
    keys = query(people, "SELECT resource_id FROM compliance.audit_logs WHERE resource LIKE 'organization%%'")
    run(people, "DELETE FROM wallet.wallets; DELETE FROM employee.employees; DELETE FROM organization.organizations")

    assert keys == [(str(organization),)]
    assert trail(people, "compliance.audit_logs")[:3] == [
        ("insert", "organization.organization_settings", None, "payrollx_organization"),
        ("insert", "wallet.wallets", None, "payrollx_wallet"),
        ("update", "wallet.wallets", ["is_active", "key_share_ids"], "payrollx_wallet"),
    ]


# -- who ----------------------------------------------------------------------------------------------------


WHO = {
    "SET ROLE": ("SET ROLE payrollx_auth", AUTH),
    "SET LOCAL ROLE": ("SET LOCAL ROLE payrollx_auth", AUTH),
    "as it has logged in": ("SELECT", "{login}"),
    "after RESET ROLE": ("SET ROLE payrollx_auth; RESET ROLE", "{login}"),
}


@pytest.mark.parametrize("way", WHO)
def test_who_is_the_role_that_was_set_else_the_login(way: str, login: DatabaseUrl, people: DatabaseUrl) -> None:
    before, role = WHO[way]
    run(login, f"BEGIN; {before}; DELETE FROM auth.refresh_tokens; COMMIT")

    told = query(people, "SELECT details ->> 'role', details ->> 'login' FROM auth.audit_logs")
    assert told == [(role.format(login=login.params["user"]), login.params["user"])]


def test_a_login_that_is_the_services_role(people: DatabaseUrl) -> None:
    run(people, "SET SESSION AUTHORIZATION payrollx_auth; DELETE FROM auth.users")

    assert trail(people) == [("delete", *A_USER), ("delete", *A_USER), ("delete", *A_TOKEN)]


def test_a_function_of_the_owners_is_recorded_as_who_called_it(own: DatabaseUrl) -> None:
    run(
        own,
        f"BEGIN; SET LOCAL ROLE {ddl.OWNER}; {PEOPLE}; CREATE FUNCTION auth.clean() RETURNS void LANGUAGE sql"
        " SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'DELETE FROM auth.users';"
        "GRANT EXECUTE ON FUNCTION auth.clean TO payrollx_auth; COMMIT;"
        "BEGIN; SET LOCAL ROLE payrollx_auth; SELECT auth.clean(); COMMIT",
    )

    assert [who for *_, who in trail(own)] == [AUTH] * 3


def test_the_owners_migrations_and_copies_are_not_recorded(people: DatabaseUrl) -> None:
    with psycopg.connect(people.conninfo()) as connection:
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(ddl.OWNER)))
        connection.execute("UPDATE auth.users SET role = 'ADMIN'")
        connection.execute("TRUNCATE auth.users CASCADE")

    assert trail(people) == []


AROUND = {
    "disabling all triggers": "ALTER TABLE auth.users DISABLE TRIGGER ALL",
    "disabling the trigger": "ALTER TABLE auth.users DISABLE TRIGGER payrollx_audit",
    "dropping the trigger": "DROP TRIGGER payrollx_audit ON auth.users",
    "renaming the trigger": "ALTER TRIGGER payrollx_audit ON auth.users RENAME TO another",
    "dropping the function": "DROP FUNCTION auth.audit_into_audit_logs() CASCADE",
    "renaming the function": "ALTER FUNCTION auth.audit_into_audit_logs() RENAME TO another",
    "calling the function from elsewhere": (
        "CREATE TEMP TABLE mine (id integer);"
        "CREATE TRIGGER mine AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION auth.audit_into_audit_logs()"
    ),
    "a rule that throws records away": "CREATE RULE quietly AS ON INSERT TO auth.audit_logs DO INSTEAD NOTHING",
    "a trigger that throws records away": (
        "CREATE TRIGGER quietly BEFORE INSERT ON auth.audit_logs FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    ),
    "truncate": "TRUNCATE auth.users CASCADE",
    "acting as a replica": "SET session_replication_role = replica",
    "acting as a replica by function": "SELECT set_config('session_replication_role', 'replica', true)",
    "becoming the owner": "SET ROLE payrollx_owner",
    "becoming the owner by function": "SELECT set_config('role', 'payrollx_owner', true)",
    "logging in as the owner": "SET SESSION AUTHORIZATION payrollx_owner",
    "a function that acts as the owner": (
        "CREATE FUNCTION pg_temp.mine() RETURNS void LANGUAGE sql SET role = 'payrollx_owner'"
        " AS 'DELETE FROM auth.users'; SELECT pg_temp.mine()"
    ),
}


@pytest.mark.parametrize("way", AROUND)
def test_a_service_has_no_way_around(way: str, login: DatabaseUrl, people: DatabaseUrl) -> None:
    for become in ("SET ROLE payrollx_auth", "RESET ROLE"):
        with psycopg.connect(login.conninfo()) as connection:
            connection.execute(become)  # type: ignore[arg-type]
            with pytest.raises((errors.InsufficientPrivilege, errors.InvalidParameterValue)):
                connection.execute(AROUND[way])  # type: ignore[arg-type]

    assert value(people, "SELECT count(*) FROM auth.users") == 2


# -- in the same transaction --------------------------------------------------------------------------------


def test_what_is_rolled_back_was_never_recorded(people: DatabaseUrl) -> None:
    run(
        people,
        "BEGIN; SET LOCAL ROLE payrollx_auth; DELETE FROM auth.users; ROLLBACK;"
        "BEGIN; SET LOCAL ROLE payrollx_auth; SAVEPOINT a; DELETE FROM auth.users; ROLLBACK TO a;"
        "DELETE FROM auth.refresh_tokens; COMMIT",
    )

    assert trail(people) == [("delete", *A_TOKEN)]


def test_what_cannot_be_recorded_is_not_done(own: DatabaseUrl) -> None:
    run(own, f"{PEOPLE}; ALTER TABLE auth.audit_logs ADD CONSTRAINT quiet CHECK (action <> 'delete')")
    with pytest.raises(errors.CheckViolation):
        run(own, "SET ROLE payrollx_auth; DELETE FROM auth.refresh_tokens")

    assert value(own, "SELECT count(*) FROM auth.refresh_tokens") == 1


# -- the marks and the triggers -----------------------------------------------------------------------------


def triggers(url: DatabaseUrl) -> set[tuple[str, str]]:
    return set(query(url, "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal"))


def functions(url: DatabaseUrl) -> list[str]:
    names = "SELECT oid::regproc::text FROM pg_proc WHERE proname LIKE 'audit\\_into\\_%%' ORDER BY 1"
    return [name for (name,) in query(url, names)]


BOTH = ("payrollx_audit", "payrollx_audit_truncate")
ALL = {(table, name) for table in MARKS for name in BOTH}


def test_a_mark_is_put_on_a_model() -> None:
    class Own(DeclarativeBase):
        pass

    class Login(Own):
        __tablename__ = "logins"
        __table_args__ = {"schema": "auth"} | audited("auth.audit_logs")

        id: Mapped[int] = mapped_column(primary_key=True)

    assert Own.metadata.tables["auth.logins"].info == {AUDITED: "auth.audit_logs"}


@pytest.mark.usefixtures("marked")
def test_a_second_run_changes_nothing_and_waits_for_nobody(own: DatabaseUrl) -> None:
    before = picture(own)
    assert triggers(own) == ALL
    assert functions(own) == ["auth.audit_into_audit_logs", "compliance.audit_into_audit_logs"]
    assert migrations.check(own) == []

    with psycopg.connect(own.conninfo()) as writing:
        writing.execute("DELETE FROM auth.users; DELETE FROM wallet.wallets")
        assert migrations.upgrade(own).applied == ()

    assert picture(own) == before


def test_what_is_no_longer_marked_is_no_longer_audited(own: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    mark(monkeypatch)
    monkeypatch.delitem(metadata.tables["auth.users"].info, AUDITED)
    assert migrations.check(own) == ["table auth.users has an audit trigger, but no mark"]
    migrations.upgrade(own)
    assert triggers(own) == {(table, name) for table, name in ALL if table != "auth.users"}

    monkeypatch.undo()
    migrations.upgrade(own)
    assert (triggers(own), functions(own), migrations.check(own)) == (set(), [], [])


def test_another_log_is_another_trigger(own: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    mark(monkeypatch, auth__users="compliance.audit_logs", auth__refresh_tokens="compliance.audit_logs")
    found = [f"table auth.{name} is marked as audited in compliance.audit_logs, but its audit trigger is not as the"
             " mark says" for name in ("refresh_tokens", "users")]  # fmt: skip
    assert migrations.check(own) == found

    migrations.upgrade(own)
    run(own, f"SET SESSION AUTHORIZATION payrollx_auth; {PEOPLE}")
    assert (migrations.check(own), functions(own)) == ([], ["compliance.audit_into_audit_logs"])
    assert [len(trail(own, f"{name}.audit_logs")) for name in ("auth", "compliance")] == [0, 3]


DAMAGE = {
    "auth.refresh_tokens": ("DROP TRIGGER payrollx_audit ON auth.refresh_tokens", "is missing"),
    "auth.users": (
        (
            "CREATE OR REPLACE TRIGGER payrollx_audit AFTER INSERT ON auth.users"
            " EXECUTE FUNCTION auth.audit_into_audit_logs(); COMMENT ON TRIGGER payrollx_audit ON auth.users IS NULL"
        ),
        "is not as the mark says",
    ),
    "organization.organization_settings": (
        "ALTER TABLE organization.organization_settings DISABLE TRIGGER payrollx_audit",
        "is not as the mark says",
    ),
    "wallet.wallets": ("DROP TRIGGER payrollx_audit_truncate ON wallet.wallets", "is missing"),
}


@pytest.mark.usefixtures("marked")
def test_damage_is_seen_and_mended(own: DatabaseUrl) -> None:
    before = picture(own)
    for damage, _ in DAMAGE.values():
        run(own, damage)

    told = [
        f"table {table} is marked as audited in {MARKS[table]}, but its audit trigger {state}"
        for table, (_, state) in DAMAGE.items()
    ]
    assert migrations.check(own) == told
    assert migrations.check(own, service="wallet") == told[-1:]
    migrations.upgrade(own)
    assert picture(own) == before


@pytest.mark.usefixtures("marked")
def test_a_function_that_was_replaced_is_mended(own: DatabaseUrl) -> None:
    before = picture(own)
    function = "FUNCTION auth.audit_into_audit_logs()"
    run(own, f"CREATE OR REPLACE {function} RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    run(own, f"GRANT EXECUTE ON {function} TO PUBLIC")
    assert picture(own) != before

    migrations.upgrade(own)
    assert picture(own) == before


@pytest.mark.usefixtures("marked")
def test_down_and_up_again(own: DatabaseUrl) -> None:
    before = picture(own)
    migrations.downgrade(own, revision="base")
    assert query(own, "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'") == []

    migrations.upgrade(own)
    assert picture(own) == before


@pytest.mark.usefixtures("marked")
def test_the_script_makes_the_same(
    server: TestServer, own: DatabaseUrl, database: DatabaseUrl, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["migrate", "--sql"])
    assert ended.value.code in (0, None)
    run(database, capsys.readouterr().out)

    assert triggers(database) == ALL
    assert picture(database)["triggers"] == picture(own)["triggers"]
    assert migrations.check(database) == []


@pytest.mark.usefixtures("marked")
def test_a_log_that_isnt_in_the_database_is_an_error(database: DatabaseUrl, own: DatabaseUrl) -> None:
    with pytest.raises(
        TargetError, match=r"wallet\.wallets is marked as audited in compliance\.audit_logs, which is not"
    ) as caught:
        migrations.upgrade(database, service="wallet")
    assert "mark the table with another log" in caught.value.hint
    assert migrations.current(database) == {}

    with pytest.raises(TargetError, match="marked as audited"):
        migrations.downgrade(own, service="compliance", revision="base")
    assert set(migrations.current(own)) == {service.name for service in CATALOG.services}

    migrations.upgrade(database, service="auth")
    assert triggers(database) == {(table, name) for table, name in ALL if table.startswith("auth.")}


def test_check_says_that_the_log_is_not_there(database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    migrations.upgrade(database, service="wallet")
    mark(monkeypatch)

    told = "table wallet.wallets is marked as audited in compliance.audit_logs, which is not in this database"
    assert migrations.check(database, service="wallet") == [told]


@pytest.mark.parametrize(
    ("log", "problem"),
    [
        ("auth.nowhere", "which is no table"),
        ("auth.refresh_tokens", "which has no column action"),
        ("auth.users", "which is audited itself"),
    ],
)
def test_a_mark_that_makes_no_sense(log: str, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(User.__table__.info, AUDITED, log)
    with pytest.raises(CatalogError, match=problem):
        audit.marks(metadata)


def test_a_log_that_demands_what_the_audit_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(User.__table__.info, AUDITED, "auth.audit_logs")
    monkeypatch.setattr(metadata.tables["auth.audit_logs"].c.user_id, "nullable", False)
    with pytest.raises(CatalogError, match="can't do without a user_id"):
        audit.marks(metadata)


ODD = """
    CREATE SCHEMA "Odd's";
    CREATE TABLE "Odd's"."It's" ("A b" integer, "c'd" text, note jsonb, amount numeric, PRIMARY KEY ("A b", "c'd"));
    CREATE TABLE "Odd's"."no key" (a integer);
    CREATE TABLE "Odd's"."Log" (
        action text, resource text, resource_id text, details jsonb, ip_address text, created_at timestamptz);
    GRANT ALL ON SCHEMA "Odd's" TO payrollx_auth;
    GRANT ALL ON ALL TABLES IN SCHEMA "Odd's" TO payrollx_auth;
"""
ODDLY = """
    SET ROLE payrollx_auth;
    INSERT INTO "Odd's"."It's" VALUES (1, 'x', '{"a": 1}', 1.0);
    INSERT INTO "Odd's"."no key" VALUES (1);
    UPDATE "Odd's"."It's" SET "A b" = 2, note = '{"a": 2}', amount = 1.00;
    TRUNCATE "Odd's"."It's";
"""


def test_odd_names_keys_of_several_columns_and_none(database: DatabaseUrl) -> None:
    odd, log = MetaData(), audited("Odd's.Log")
    keys = (Column("A b", Integer, primary_key=True), Column("c'd", Text, primary_key=True))
    Table("It's", odd, *keys, schema="Odd's", **log)
    Table("no key", odd, Column("a", Integer), schema="Odd's", **log)
    Table("Log", odd, *(Column(name, Text) for name in sorted(audit.WRITTEN)), schema="Odd's")
    run(database, ODD)
    for _ in range(2):
        run(database, audit.make(odd, value(database, "SELECT current_user")).as_string())

    run(database, ODDLY)

    told = "SELECT action, resource, resource_id, details -> 'changed', details ->> 'new_id' FROM \"Odd's\".\"Log\""
    assert query(database, told) == [
        ("insert", "Odd's.It's", '[1, "x"]', None, None),
        ("insert", "Odd's.no key", None, None, None),
        ("update", "Odd's.It's", '[1, "x"]', ["A b", "amount", "note"], '[2, "x"]'),
        ("truncate", "Odd's.It's", None, None, None),
    ]


# -- beside a consolidation ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("marked")
def test_a_copy_is_not_audited_and_proves_identical(reading_world: World) -> None:
    migrations.upgrade(reading_world.target)
    logs = {
        f"{name}.audit_logs": value(reading_world.urls[f"payrollx_{name}"], "SELECT count(*) FROM audit_logs")
        for name in ("auth", "compliance")
    }

    document = reading_world.answer("check")
    assert not [finding for finding in document["findings"] if finding["code"] == "trigger"]
    reading_world.copy()

    assert reading_world.verify().identical
    assert {log: value(reading_world.target, f"SELECT count(*) FROM {log}") for log in logs} == logs
    assert triggers(reading_world.target) == ALL
    assert migrations.check(reading_world.target) == []
