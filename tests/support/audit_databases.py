"""Databases whose tables are audited, and ways to read the trail."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from conftest import TestServer, unique
from psycopg import sql
from schema_snapshots import run
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session
from worlds import query

from payrollx_db.model.catalog import AUDITED
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG, metadata

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
        migrate.upgrade(url, CATALOG)
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
    as_owner = f"SET LOCAL ROLE {CATALOG.owner_role}"
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
