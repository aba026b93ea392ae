"""Choirs that come, change and go: the choirs' catalog with a sign-up, and with further revisions."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from choirs.catalog import FOLDER, SCHEMAS, SHARED
from choirs.models import hashed
from conftest import TestServer, unique
from psycopg import sql

from payrollx_db.model.catalog import Catalog
from payrollx_db.model.instances import template_of
from payrollx_db.model.template import SignUp
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.tenants.lifecycle import creating

REVISION = """
import sqlalchemy as sa
from alembic import op
from payrollx_db.schema import ddl

revision = "{name}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade():
    schema = ddl.schema_of("tenant")
    {body}
"""
CHIEF = "%(name)s, %(email)s, 'CHIEF'"
LEFT = """
    SELECT 'schema', nspname::text FROM pg_namespace WHERE nspname LIKE %(prefix)s
    UNION ALL SELECT 'role', rolname FROM pg_roles WHERE rolname LIKE %(prefix)s
    UNION ALL SELECT 'row', id || status FROM registry.tenants
    UNION ALL SELECT 'route', hash FROM registry.emails
    UNION ALL SELECT 'route', number FROM registry.phones
    UNION ALL SELECT 'grant', acl::text FROM pg_database, unnest(datacl) AS acl WHERE datname = current_database()
    UNION ALL SELECT 'table', relname FROM pg_class WHERE relnamespace = to_regnamespace('payrollx_meta')
    ORDER BY 1, 2
"""


def _sign_up(*, shared: bool) -> SignUp:
    column, value = ("tenant_id, ", "%(id)s, ") if shared else ("", "")
    return SignUp(
        {"name": "the choir's name", "email": "its address", "phone": "its number"},
        (
            "INSERT INTO registry.tenants (id, name, schema) VALUES (%(id)s, %(name)s, %(schema)s)",
            "INSERT INTO registry.emails VALUES (%(hash)s, %(id)s)",
            "INSERT INTO registry.phones SELECT %(phone)s, %(id)s WHERE %(phone)s::text IS NOT NULL",
            f"INSERT INTO {{tenant}}.singers ({column}id, name, email, role) VALUES ({value}'1', {CHIEF})",
        ),
        optional=frozenset({"phone"}),
        derived={"hash": lambda details: hashed(details["email"])},
    )


@dataclass
class Growing:
    """A database of choirs, of which the catalog can be exchanged."""

    catalog: Catalog
    url: DatabaseUrl

    @property
    def prefix(self) -> str:
        """What the names of the tenants' schemas and roles begin with."""
        return template_of(self.catalog).prefix

    def create(self, tenant: str, **details: str) -> creating.Created:
        """Make a choir, by default with an address of its own."""
        given = {"name": f"choir {tenant}", "email": f"{tenant}@example.com", **details}
        return creating.create(self.url, self.catalog, tenant, given)

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the server itself, as a superuser."""
        with psycopg.connect(self.url.conninfo(), autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description is not None else []

    def there(self) -> list[tuple[str, str]]:
        """Return all that tenants consist of beside their rows: schemas, roles, grants, registry rows, routes."""
        with psycopg.connect(self.url.conninfo()) as connection:
            return connection.execute(LEFT, {"prefix": self.prefix.replace("_", r"\_") + "%"}).fetchall()

    def remove(self, tenant: str) -> None:
        """Take a choir out again, behind the tool's back."""
        self.query("DELETE FROM registry.tenants WHERE id = %s", tenant)
        if template_of(self.catalog).shape == "schemas":
            place = self.place(tenant)
            self.query(f"DROP SCHEMA IF EXISTS {place} CASCADE")
            self.query("DELETE FROM payrollx_meta.tenants WHERE tenant = %s", tenant)
            self.query(f"DROP OWNED BY {place}")
            self.query(f"DROP ROLE {place}")

    def place(self, tenant: str) -> str:
        """Return the quoted name of a tenant's schema."""
        return sql.Identifier(template_of(self.catalog).schema_of(tenant)).as_string(None)


def with_sign_up(shape: str, prefix: str) -> Catalog:
    """Return the choirs' catalog of a shape with a sign-up, and with schemas and roles that begin with ``prefix``."""
    known = SCHEMAS if shape == "schemas" else SHARED
    template = replace(template_of(known), sign_up=_sign_up(shared=shape == "shared"), prefix=prefix)
    return replace(known, template=template)


@contextmanager
def growing(server: TestServer, shape: str) -> Iterator[Growing]:
    """Make a database for choirs of a shape, without any; drop it at the end."""
    if shape == "shared":
        server.needs(15, "way to keep such tenants apart in one table")
    catalog = with_sign_up(shape, unique("life")[-24:] + "_")
    url = server.create_database(unique("growing"))
    try:
        migrate.upgrade(url, catalog)
        yield Growing(catalog, url)
    finally:
        server.drop_database(url.dbname)
        _drop_roles(server, template_of(catalog).prefix)


def revised(catalog: Catalog, folder: Path, bodies: Mapping[str, str]) -> Catalog:
    """Return the catalog with further revisions of a choir's tables, in their order: by name, what each runs."""
    if not folder.exists():
        shutil.copytree(FOLDER / template_of(catalog).shape, folder)
    before = "tenant_0001"
    for name, body in bodies.items():
        text = REVISION.format(name=name, before=before, body=body)
        (folder / "tenant" / f"{name}.py").write_text(text, "utf-8")
        before = name
    return replace(catalog, migrations=folder)


def _drop_roles(server: TestServer, prefix: str) -> None:
    with psycopg.connect(server.url.conninfo(), autocommit=True) as connection:
        query = "SELECT rolname::text FROM pg_roles WHERE starts_with(rolname, %s)"
        for (role,) in connection.execute(query, [prefix]).fetchall():
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.fixture(scope="module")
def choirs_apart(server: TestServer) -> Iterator[Growing]:
    """A database for choirs with a schema each; a module's tests share it."""
    with growing(server, "schemas") as made:
        yield made


@pytest.fixture(scope="module")
def choirs_together(server: TestServer) -> Iterator[Growing]:
    """A database for choirs that share tables; a module's tests share it."""
    with growing(server, "shared") as made:
        yield made
