"""A service leaves for a database of its own, works there, and comes back; nothing of it is lost on the way."""

import os
from typing import Any

import psycopg
import pytest
from backups import USERS, Archive
from schema_snapshots import picture
from worlds import query, snapshot_of, value

from payrollx_db.backup import handover
from payrollx_db.errors import ConfigurationError, FindingsError, StateConflictError
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG, metadata


def test_it_is_complete_in_its_own_database(reading_archive: Archive, database: DatabaseUrl) -> None:
    done = reading_archive.hand_over("employee", reading_archive.url, database)

    assert done.restored.loosened == (
        "employee.employees.organization_id -> organization.organizations.id",
        "employee.employees.user_id -> auth.users.id",
        "payroll.payroll_items.employee_id -> employee.employees.id",
        "transaction.transactions.employee_id -> employee.employees.id",
        "wallet.wallets.employee_id -> employee.employees.id",
    )
    assert migrate.current(database, CATALOG) == {"employee": "employee_0001"}
    assert migrate.upgrade(database, CATALOG, service="employee").applied == ()
    assert migrate.check(database, CATALOG, service="employee") == []
    with psycopg.connect(database.conninfo()) as connection:
        connection.execute("SET ROLE payrollx_employee")
        assert connection.execute("SELECT count(*) FROM employee.employees").fetchone() == (USERS,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT FROM payrollx_meta.alembic_version")


@pytest.mark.long
def test_there_and_back_is_where_it_began(archive: Archive, database: DatabaseUrl) -> None:
    shape, before = picture(archive.url), snapshot_of(archive.url)

    code, _, err = archive.command("export", "employee", "--to", database.plain)
    assert code == 0, err
    code, out, err = archive.command("drop", "employee", "--loosen", "--yes")
    assert code == 0, err
    assert f"dropped employee: {USERS} rows" in out
    assert "not enforced any more: wallet.wallets.employee_id -> employee.employees.id" in err
    assert "employee" not in migrate.current(archive.url, CATALOG)
    (behind,) = migrate.check(archive.url, CATALOG)
    assert behind.message == "employee is at no revision, the newest is employee_0001"

    code, _, err = archive.command("import", "employee", EMPLOYEE_DATABASE_URL=database.plain)
    assert code == 0, err
    assert snapshot_of(archive.url) == before
    assert picture(archive.url) == shape
    assert migrate.check(archive.url, CATALOG) == []


def test_what_changed_over_there_comes_back(archive: Archive, database: DatabaseUrl) -> None:
    archive.hand_over("auth", archive.url, database)
    query(database, "UPDATE auth.users SET role = 'ADMIN'")

    code, _, err = archive.command("import", "auth", "--from", database.plain)
    assert code == 2
    assert f"has {2 * USERS} rows of auth" in err
    assert archive.command("import", "auth", "--from", database.plain, "--yes")[0] == 0

    assert value(archive.url, "SELECT count(*) FROM auth.users WHERE role = 'ADMIN'") == USERS


@pytest.mark.long
def test_rows_that_went_over_there_are_missed_here(archive: Archive, database: DatabaseUrl) -> None:
    archive.hand_over("auth", archive.url, database)
    query(database, "DELETE FROM auth.users WHERE email = '1@example.org'")
    before = snapshot_of(archive.url)

    with pytest.raises(FindingsError) as caught:
        archive.hand_over("auth", database, archive.url)

    assert caught.value.details == ("employee.employees.user_id -> auth.users.id: 1 row points at no row",)
    assert snapshot_of(archive.url) == before


@pytest.mark.long
def test_the_role_that_migrates_may_do_it_all(archive: Archive, database: DatabaseUrl) -> None:
    role = f"migrator_{os.urandom(4).hex()}"
    archive.run(f"CREATE ROLE {role} LOGIN PASSWORD 'made up'; GRANT payrollx_owner TO {role}")
    try:
        for url in (archive.url, database):
            query(url, f"GRANT CREATE ON DATABASE {url.dbname} TO {role}")
        here, there = (
            DatabaseUrl({**url.params, "user": role, "password": "made up"}) for url in (archive.url, database)
        )
        shape, before = picture(archive.url), snapshot_of(archive.url)

        archive.hand_over("auth", here, there)
        (made,) = archive.backup("auth", url=here)
        service = CATALOG.service("auth")
        handover.drop(service, here, made, catalog=CATALOG, metadata=metadata, key=archive.key, loosen=True)
        archive.hand_over("auth", there, here)
        archive.restore(made, here)

        assert (picture(archive.url), snapshot_of(archive.url)) == (shape, before)
    finally:
        for url in (archive.url, database):
            query(url, f"DROP OWNED BY {role}")
        archive.run(f"DROP ROLE {role}")


def test_a_database_isnt_handed_over_to_itself(reading_archive: Archive) -> None:
    url = DatabaseUrl({**reading_archive.url.params, "host": "localhost", "application_name": "another"})

    with pytest.raises(ConfigurationError, match="are the same database"):
        reading_archive.hand_over("auth", reading_archive.url, url)
    assert reading_archive.names == []


def test_drop_refuses_while_keys_point_at_it(archive: Archive) -> None:
    (made,) = archive.backup("auth")
    before = snapshot_of(archive.url)

    with pytest.raises(StateConflictError, match="foreign keys of other services") as caught:
        archive.drop("auth", made)

    assert caught.value.details == ("employee.employees.user_id -> auth.users.id",)
    assert snapshot_of(archive.url) == before
    (made,) = archive.backup("transaction")
    assert archive.drop("transaction", made).loosened == ()


def test_drop_refuses_what_no_backup_holds(archive: Archive) -> None:
    (made,) = archive.backup("transaction")
    archive.run("UPDATE transaction.transactions SET notes = 'new' WHERE amount = 1")
    before = snapshot_of(archive.url)

    with pytest.raises(StateConflictError, match="nothing was removed") as caught:
        archive.drop("transaction", made)
    (found,) = caught.value.details
    assert found.startswith("transaction.transactions has other rows, in 1 of")

    made.dump.write_bytes(b"")
    with pytest.raises(FindingsError, match="truncated"):
        archive.drop("transaction", made)
    with pytest.raises(StateConflictError, match="is no backup of auth"):
        archive.drop("auth", made)
    assert archive.command("drop", "wallet", "--yes")[0] == 2  # there is no backup of it
    assert snapshot_of(archive.url) == before


def test_drop_asks(reading_archive: Archive) -> None:
    reading_archive.backup("transaction")

    code, out, err = reading_archive.command("drop", "transaction")

    assert (code, out) == (2, "")
    assert "this drops the schema transaction" in err


@pytest.mark.long
def test_a_service_that_has_left_can_be_backed_up_where_it_is(archive: Archive, database: DatabaseUrl) -> None:
    archive.hand_over("auth", archive.url, database)
    (made,) = archive.backup("auth")
    archive.drop("auth", made, loosen=True)
    env = {"AUTH_DATABASE_URL": database.plain}

    done = archive.answer("backup", "--all", **env)

    together = {one["service"]: one["together"] for one in done["backups"]}
    assert together["auth"] == ["auth"]
    assert together["wallet"] == [service.name for service in CATALOG.services if service.name != "auth"]
    listed: list[Any] = archive.answer("list", "--exact", **env)
    assert {one["service"]: one["rows"] for one in listed}["auth"] == 2 * USERS
    assert next(one for one in listed if one["service"] == "auth")["database"] == database.masked
