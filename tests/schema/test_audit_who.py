"""Who is recorded, that nothing leads around it, and that it is in the same transaction."""

import psycopg
import pytest
from audit_databases import A_TOKEN, A_USER, AUTH, PEOPLE, trail
from psycopg import errors, sql
from schema_snapshots import run
from worlds import query, value

from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.unified import CATALOG

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
        f"BEGIN; SET LOCAL ROLE {CATALOG.owner_role}; {PEOPLE}; CREATE FUNCTION auth.clean() RETURNS void LANGUAGE sql"
        " SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'DELETE FROM auth.users';"
        "GRANT EXECUTE ON FUNCTION auth.clean TO payrollx_auth; COMMIT;"
        "BEGIN; SET LOCAL ROLE payrollx_auth; SELECT auth.clean(); COMMIT",
    )

    assert [who for *_, who in trail(own)] == [AUTH] * 3


def test_the_owners_migrations_and_copies_are_not_recorded(people: DatabaseUrl) -> None:
    with psycopg.connect(people.conninfo()) as connection:
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(CATALOG.owner_role)))
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
