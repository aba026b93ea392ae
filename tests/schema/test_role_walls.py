"""The matrix: every service's role, every table of every service, every deed; each one really run as the role."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from conftest import TestServer, unique
from psycopg import errors, sql

from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG

# Nothing here changes a row: what counts is whether the server lets the role try.
DEEDS = {
    "select": "SELECT FROM {table}",
    "insert": "INSERT INTO {table} SELECT WHERE false",
    "update": "UPDATE {table} SET {column} = DEFAULT WHERE false",
    "delete": "DELETE FROM {table} WHERE false",
    "truncate": "TRUNCATE {table} CASCADE",
    "references": "CREATE TABLE scratch.pointing (id {type} REFERENCES {table})",
    "create": "CREATE TABLE {schema}.mine (id integer)",
    "drop": "DROP TABLE {table} CASCADE",
}
WAYS_ROUND = (
    "CREATE TABLE public.mine (id integer)",
    "CREATE TEMPORARY TABLE mine (id integer)",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "SET ROLE payrollx_owner",
    "SELECT FROM payrollx_meta.alembic_version",
    "SELECT pg_read_file('postgresql.conf')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "DO 'BEGIN EXECUTE ''SELECT FROM payrollx_meta.alembic_version''; END'",
)
OWN = {"select", "insert", "update", "delete"}
ROLES = [*(service.role for service in CATALOG.services), CATALOG.reader_role]
KEYS = """
    SELECT attname, format_type(atttypid, NULL) FROM pg_index
    JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
    WHERE indisprimary AND indrelid = %s::regclass
"""


@pytest.fixture(scope="module")
def walled(server: TestServer) -> Iterator[DatabaseUrl]:
    """A migrated database that no test changes."""
    name = unique("matrix")
    url = server.create_database(name)
    migrate.upgrade(url, CATALOG)
    yield url
    server.drop_database(name)


def statements(connection: psycopg.Connection[Any], table: str) -> dict[str, str]:
    """Return the deeds on a table, by their names."""
    name = sql.Identifier(*table.split("."))
    column, kind = connection.execute(KEYS, [name.as_string()]).fetchone() or ("", "")
    parts = {
        "table": name,
        "schema": sql.Identifier(CATALOG.owner(table).schema),
        "column": sql.Identifier(column),
        "type": sql.SQL(kind),
    }
    return {deed: sql.SQL(text).format(**parts).as_string() for deed, text in DEEDS.items()}


def outcome(connection: psycopg.Connection[Any], statement: str) -> str:
    """Run a statement and undo it; return why it was refused, empty where it wasn't."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)  # type: ignore[call-overload]
    except errors.InsufficientPrivilege as error:
        return error.diag.message_primary or "refused"
    return ""


def matrix(connection: psycopg.Connection[Any], role: str, *, open_schemas: bool) -> dict[tuple[str, str], str]:
    """Return what became of every deed of ``role`` on every table, as a login that is the role would find it.

    It may create in a schema of its own, so that a reference is refused for its own sake; ``open_schemas`` takes
    the outer wall away, so that the inner one is what holds.
    """
    deeds = {table: statements(connection, table) for table in CATALOG.tables()}
    named = sql.Identifier(role)
    connection.execute(sql.SQL("CREATE SCHEMA scratch AUTHORIZATION {}").format(named))
    if open_schemas:
        schemas = sql.SQL(", ").join([sql.Identifier(service.schema) for service in CATALOG.services])
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schemas, named))
    connection.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(named))
    found = {(table, deed): outcome(connection, text) for table in deeds for deed, text in deeds[table].items()}
    connection.execute("RESET SESSION AUTHORIZATION")
    return found


@pytest.mark.parametrize("open_schemas", [False, True], ids=["as they are", "schemas opened"])
@pytest.mark.parametrize("role", ROLES)
def test_the_matrix(role: str, open_schemas: bool, walled: DatabaseUrl) -> None:
    with psycopg.connect(walled.conninfo()) as connection:
        found = matrix(connection, role, open_schemas=open_schemas)
        connection.rollback()

    assert len(found) == len(list(CATALOG.tables())) * len(DEEDS)
    allowed = {
        (table, deed)
        for table, deed in found
        if (CATALOG.owner(table).role == role and deed in OWN) or (role == CATALOG.reader_role and deed == "select")
    }
    assert {cell for cell, refused in found.items() if not refused} == allowed
    words = ("permission denied for", "must be owner of")
    assert not [refused for refused in found.values() if refused and not refused.startswith(words)]


@pytest.mark.parametrize("role", ROLES)
def test_ways_round(role: str, walled: DatabaseUrl) -> None:
    with psycopg.connect(walled.conninfo()) as connection:
        connection.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(role)))
        for statement in WAYS_ROUND:
            assert outcome(connection, statement), statement


@pytest.mark.parametrize("service", CATALOG.services, ids=lambda service: service.name)
def test_its_enums_and_sequences_are_its_own(service: Any, walled: DatabaseUrl) -> None:
    kinds = "SELECT t.oid::regtype::text, n.nspname FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace"
    sequences = "SELECT oid::regclass::text, relnamespace::regnamespace::text FROM pg_class"
    with psycopg.connect(walled.conninfo()) as connection:
        enums = connection.execute(f"{kinds} WHERE typtype = 'e'").fetchall()
        numbers = connection.execute(f"{sequences} WHERE relkind = 'S'").fetchall()
        assert len(enums) >= 8
        assert numbers
        connection.execute(sql.SQL("SET LOCAL SESSION AUTHORIZATION {}").format(sql.Identifier(service.role)))
        for name, schema in enums:
            assert (outcome(connection, f"SELECT NULL::{name}") == "") is (schema == service.schema)
        for name, schema in numbers:
            assert (outcome(connection, f"SELECT nextval('{name}')") == "") is (schema == service.schema)
