"""The audit: every write to a marked table leaves a record, whoever writes it and however."""

import uuid
from typing import Any

import psycopg
import pytest
from audit_databases import A_TOKEN, A_USER, ANA, AUTH, BEN, CYD, PEOPLE, as_auth, changed, trail
from conftest import TestServer
from schema_snapshots import run
from sqlalchemy import Engine, delete, insert, text, update
from sqlalchemy.dialects import postgresql
from worlds import query, value

from payrollx_db.auth import RefreshToken, User
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.schema.roles.check import check
from payrollx_db.unified import CATALOG

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
def test_raw_sql_is_recorded(name: str, engine: Engine, people: DatabaseUrl, server: TestServer) -> None:
    statements, expected = STATEMENTS[name]
    if name == "a merge":
        server.needs(15, "MERGE")
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


UNPINNED = "leaves its search_path to the caller"


def test_the_walls_hold_where_audit_functions_are(own: DatabaseUrl, marked: None) -> None:
    """They run with the owner's rights: whoever lets others call them, or chooses what they find, is named."""
    migrate.upgrade(own, CATALOG)  # a clone has no privileges on the database itself
    assert check(own, CATALOG).findings == ()

    run(own, "ALTER FUNCTION auth.audit_into_audit_logs() RESET search_path;"
             " GRANT EXECUTE ON FUNCTION compliance.audit_into_audit_logs() TO PUBLIC;"
             " GRANT EXECUTE ON FUNCTION compliance.audit_into_audit_logs() TO payrollx_wallet")  # fmt: skip

    findings = check(own, CATALOG).findings
    assert sorted(finding.message for finding in findings) == [
        "PUBLIC has EXECUTE on routine compliance.audit_into_audit_logs()",
        f"function auth.audit_into_audit_logs() runs with the rights of payrollx_owner and {UNPINNED}",
        "payrollx_wallet has EXECUTE on routine compliance.audit_into_audit_logs()",
    ]
    for finding in findings:
        run(own, finding.sql)
    assert check(own, CATALOG).findings == ()
