"""A church moves between databases of both shapes, and leaves for good; in the middle of it nothing is twice."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from choir_lifecycles import Growing
from church_worlds import Churches
from conftest import TestServer, unique
from facades import a_login, as_login
from system_facts import SystemWorld
from worlds import query

from payrollx_db.backup import signature
from payrollx_db.cli.service import find_clients
from payrollx_db.devserver.practice import LegacySummary
from payrollx_db.model.instances import template_of
from payrollx_db.tenants.lifecycle import ending

END_OTHERS = """
    CREATE FUNCTION public.end_others() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = '{database}' AND state = 'idle in transaction';
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER end_others AFTER UPDATE ON registry.tenants DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.status <> 'suspended' AND NEW.status <> OLD.status) EXECUTE FUNCTION public.end_others();
"""


@dataclass
class Unified:
    """A unified database of churches."""

    world: SystemWorld

    def rows(self, tenant: str) -> dict[str, list[Any]]:
        """Return a tenant's rows by table, as the server itself tells them."""
        template = template_of(self.world.catalog)
        shared = template.shape == "shared"
        schema = template.service.schema if shared else template.schema_of(tenant)
        only = f"WHERE tenant_id = '{tenant}'" if shared else ""
        statement = 'SELECT to_jsonb(t) - \'tenant_id\' FROM "{}"."{}" AS t {} ORDER BY 1'
        return {
            table: [row for (row,) in query(self.world.target, statement.format(schema, table, only))]
            for table in template.service.tables
        }

    def routes(self, tenant: str) -> list[Any]:
        """Return the routes to a tenant."""
        return query(
            self.world.target,
            "SELECT to_jsonb(t) FROM registry.admin_email_index AS t WHERE tenant_id = %s"
            " UNION ALL SELECT to_jsonb(t) FROM registry.phone_number_registry AS t WHERE tenant_id = %s ORDER BY 1",
            [tenant, tenant],
        )

    def status(self, tenant: str) -> str | None:
        """Return what the registry says of a tenant; ``None``: nothing."""
        found = query(self.world.target, "SELECT status FROM registry.tenants WHERE id = %s", [tenant])
        return str(found[0][0]) if found else None

    def move(self, tenant: str, to: "Unified", via: str) -> Any:
        """Move a tenant to another one."""
        target = to.world.target
        return self.world.run(
            "tenant", "move", tenant, "--to", target.plain, "--as", str(to.world.catalog.option),
            "--via", target.with_database(via).plain, "--yes", "--json",
        )  # fmt: skip


@dataclass
class Houses:
    """Two databases of churches with a schema each, of which the first has rows, and one in which they share tables."""

    first: Unified
    together: Unified
    last: Unified
    server: TestServer


@pytest.fixture(scope="module")
def houses(server: TestServer) -> Iterator[Houses]:
    none = Churches(server, "none_", LegacySummary(0, 0, False, (), (), (), 0.0), ())
    with ExitStack() as stack:
        made = [
            Unified(stack.enter_context(none.unified(name))) for name in ("koinonia", "koinonia-shared", "koinonia")
        ]
        seeded = made[0].world.run("dev", "seed", "--json")
        assert seeded.returncode == 0, seeded.stderr
        yield Houses(*made, server)


@pytest.fixture
def via(server: TestServer) -> Iterator[list[str]]:
    names = [unique("via") for _ in range(4)]
    yield names
    for name in names:
        server.drop_database(name)


def tenants(house: Unified) -> list[str]:
    return [one for (one,) in query(house.world.target, "SELECT id FROM registry.tenants ORDER BY 1")]


@pytest.mark.long
def test_a_church_moves_into_shared_tables_and_on_into_a_schema_with_all_it_has(
    houses: Houses, via: list[str], tmp_path: Path
) -> None:
    tenant = tenants(houses.first)[0]
    rows, routes = houses.first.rows(tenant), houses.first.routes(tenant)
    assert sum(map(len, rows.values())) > 5
    assert routes
    moved = houses.first.move(tenant, houses.together, via[0])
    assert moved.returncode == 0, moved.stderr
    assert json.loads(moved.stdout)["rows"] == sum(map(len, rows.values()))
    assert (houses.together.rows(tenant), houses.together.routes(tenant)) == (rows, routes)
    assert (houses.first.status(tenant), houses.together.status(tenant)) == ("suspended", "active")
    again = houses.first.move(tenant, houses.together, via[1])
    assert again.returncode == 6  # it is there already
    assert houses.together.status(tenant) == "active"
    moved = houses.together.move(tenant, houses.last, via[2])
    assert moved.returncode == 0, moved.stderr
    assert (houses.last.rows(tenant), houses.last.routes(tenant)) == (rows, routes)
    assert [house.status(tenant) for house in (houses.first, houses.together, houses.last)] == [
        "suspended", "suspended", "active",
    ]  # fmt: skip
    dropped = houses.together.world.run("tenant", "drop", tenant, "--without-backup", "--yes", "--json")
    assert dropped.returncode == 0, dropped.stderr
    assert json.loads(dropped.stdout)["rows"] == sum(map(len, rows.values()))
    assert (houses.together.status(tenant), houses.together.routes(tenant)) == (None, [])
    assert not any(houses.together.rows(tenant).values())
    drop_and_restore(houses.last, tenant, tmp_path, rows)


def drop_and_restore(house: Unified, tenant: str, folder: Path, rows: dict[str, list[Any]]) -> None:
    """Drop a church, see that nothing is left, and bring all of it back from the backup."""
    routes = house.routes(tenant)
    dropped = house.world.run("tenant", "drop", tenant, "--dir", str(folder), "--yes", "--json")
    assert dropped.returncode == 0, dropped.stderr
    backup = json.loads(dropped.stdout)["backup"]
    schema = template_of(house.world.catalog).schema_of(tenant)
    assert (house.status(tenant), house.routes(tenant)) == (None, [])
    assert query(house.world.target, "SELECT to_regnamespace(%s)", [schema]) == [(None,)]
    assert query(house.world.target, "SELECT count(*) FROM payrollx_meta.tenants") == [(0,)]
    restored = house.world.run("tenant", "restore", tenant, "--dir", str(folder), "--backup", backup, "--yes")
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert (house.status(tenant), house.routes(tenant)) == ("active", routes)
    assert house.rows(tenant) == rows


@pytest.mark.long
def test_a_move_that_fails_or_loses_its_session_leaves_nothing_active_twice(houses: Houses, via: list[str]) -> None:
    tenant = tenants(houses.first)[-1]
    database = houses.first.world.target.dbname
    query(houses.together.world.target, "ALTER TABLE tenant.admins ADD CONSTRAINT never CHECK (false) NOT VALID")
    failed = houses.first.move(tenant, houses.together, via[0])
    assert failed.returncode != 0
    assert (houses.first.status(tenant), houses.together.status(tenant)) == ("active", "suspended")
    query(houses.together.world.target, "ALTER TABLE tenant.admins DROP CONSTRAINT never")
    dropped = houses.together.world.run("tenant", "drop", tenant, "--without-backup", "--yes")
    assert dropped.returncode == 0, dropped.stderr
    query(houses.together.world.target, END_OTHERS.format(database=database))
    lost = houses.first.move(tenant, houses.together, via[1])
    query(houses.together.world.target, "DROP TRIGGER end_others ON registry.tenants")
    assert "active" in {houses.first.status(tenant), houses.together.status(tenant)}
    assert houses.first.status(tenant) != houses.together.status(tenant), lost.stderr


def test_who_is_no_superuser_makes_a_tenant_and_drops_it_with_its_role(choirs_apart: Growing, tmp_path: Path) -> None:
    with a_login(choirs_apart.url, [choirs_apart.catalog.owner_role]) as login:
        role, database = f'"{login["user"]}"', f'"{choirs_apart.url.dbname}"'
        choirs_apart.query(f"ALTER ROLE {role} CREATEROLE; GRANT CREATE ON DATABASE {database} TO {role}")
        granted = [one for one in choirs_apart.there() if one[0] != "table"]
        migrator = Growing(choirs_apart.catalog, as_login(choirs_apart.url, login))
        made = migrator.create("Basso.3")
        assert (("role", made.role) in choirs_apart.there(), made.schema) == (True, made.role)
        key, _ = signature.load_or_make(None, tmp_path)
        ended = ending.drop(migrator.url, migrator.catalog, "Basso.3", tmp_path, find=find_clients, key=key)
        assert ended.rows == 1
        assert [one for one in choirs_apart.there() if one[0] != "table"] == granted
        choirs_apart.query(f"REVOKE CREATE ON DATABASE {database} FROM {role}")
