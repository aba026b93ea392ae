"""Koinonia's churches go from a database each to one, in both shapes, and each can go back into one of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from church_worlds import Churches, open_churches
from conftest import TestServer, unique
from system_facts import SystemWorld
from worlds import query, value

from payrollx_db.catalogs import registry
from payrollx_db.catalogs.koinonia import shared, unified
from payrollx_db.catalogs.koinonia.legacy import LAYOUT, OWN_SCHEMA
from payrollx_db.catalogs.koinonia.legacy.tenant import OLDER, TEMPLATE
from payrollx_db.catalogs.koinonia.routing import email_hash, phone_number
from payrollx_db.model.layout import SourceTable
from payrollx_db.postgres.url import DatabaseUrl

FIRST = pytest.mark.parametrize("catalog", [pytest.param("koinonia", marks=pytest.mark.long), "koinonia-shared"])
SHAPES = pytest.mark.parametrize("catalog", ["koinonia", "koinonia-shared"])


@pytest.fixture(scope="module")
def churches(server: TestServer) -> Iterator[Churches]:
    yield from open_churches(server, 3)


@pytest.fixture
def hostile(server: TestServer) -> Iterator[Churches]:
    yield from open_churches(server, 3, hostile=True)


def rows_of(url: DatabaseUrl, table: SourceTable) -> list[tuple[object, ...]]:
    """Return a table's rows by their keys, with JSON as JSON: how it is written is not kept."""
    older = OLDER.get(table.name, frozenset())
    texts = {"targetIds", "properties", "findings", "recommendations", "backupCodesUsed"}
    names = [f"nullif(\"{name}\", '')::jsonb" if name in texts else f'"{name}"' for name in table.columns
             if name not in older]  # fmt: skip
    return query(url, f'SELECT {", ".join(names)} FROM public."{table.name}" ORDER BY "id"')


def migrate_tenants(world: SystemWorld) -> None:
    if world.catalog.option == "koinonia":
        done = world.run("tenant", "migrate", "--from", "legacy")
        assert done.returncode == 0, done.stderr


@FIRST
def test_three_churches_go_the_whole_way_and_one_goes_back(catalog: str, churches: Churches) -> None:
    with churches.unified(catalog) as world:
        migrate_tenants(world)
        checked = world.run("check", "--json")
        assert checked.returncode == 0, checked.stdout
        assert [f for f in json.loads(checked.stdout)["findings"] if f["code"] == "tenant-drift"] == []
        copied = world.run("copy", "--verify", "--json")
        assert copied.returncode == 0, copied.stderr
        verified = json.loads(copied.stdout)["verify"]
        assert verified["totals"] == {"identical": 3}
        query(
            world.target,
            "UPDATE registry.churches SET name = name || '!' WHERE id = (SELECT min(id) FROM registry.churches)",
        )
        differing = world.run("verify", "--json")
        assert (differing.returncode, json.loads(differing.stdout)["totals"]) == (3, {"identical": 3})
        (problem,) = json.loads(differing.stdout)["registry_problems"]
        assert "registry.churches differs" in problem
        older = next(t for t in verified["tenants"] if "MessageReaction" in t["missing"])
        look_at_the_target(world, churches, older["id"])
        go_back(world, churches, older["id"])


def look_at_the_target(world: SystemWorld, churches: Churches, older: str) -> None:
    own = world.catalog.option == "koinonia"
    schema, only = (f"tenant_{older}", "true") if own else ("tenant", f"tenant_id = '{older}'")
    assert value(world.target, f"SELECT DISTINCT channel FROM {schema}.conversation_messages WHERE {only}") == "sms"
    assert value(world.target, f"SELECT count(*) FROM {schema}.message_reactions WHERE {only}") == 0
    empty = f"SELECT count(*) FROM {schema}.messages WHERE target_ids IS NULL AND {only}"
    source = churches.url(older)
    assert value(world.target, empty) == value(source, 'SELECT count(*) FROM public."Message" WHERE "targetIds" = \'\'')
    positions = f"SELECT array_agg(position ORDER BY id) FROM {schema}.mfa_recovery_codes WHERE {only}"
    assert value(world.target, positions) == value(
        source, 'SELECT array_agg("index" ORDER BY "id") FROM "MFARecoveryCode"'
    )
    place = "SELECT database_url, schema FROM registry.tenants WHERE id = %s"
    assert query(world.target, place, [older]) == [(None, schema)]  # and no password is left
    assert value(world.target, "SELECT count(*) FROM pg_tables WHERE tablename = 'groups'") == 0


def go_back(world: SystemWorld, churches: Churches, tenant: str) -> None:
    """Export a church, and compare by means of the database's own."""
    name = unique("left")
    left = churches.server.create_database(name)
    try:
        exported = world.run("tenant", "export", tenant, "--to", left.plain)
        assert exported.returncode == 0, exported.stderr
        for known in TEMPLATE.maps:
            if known.source.name != "MessageReaction":  # which the older database never had
                assert rows_of(left, known.source) == rows_of(churches.url(tenant), known.source), known.source.name
    finally:
        churches.server.drop_database(name)


def test_what_is_wrong_with_a_church_is_named_and_stops_no_other(hostile: Churches) -> None:
    planted = {(t.code, t.place) for t in hostile.summary.troubles}
    with hostile.unified("koinonia-shared") as world:
        checked = world.run("check", "--json")
        document = json.loads(checked.stdout)
        assert checked.returncode == 3
        drifted = {(f["code"], f["place"]) for f in document["findings"] if f["code"] == "tenant-drift"}
        assert drifted == {one for one in planted if one[0] == "tenant-drift"}
        assert len(drifted) == len(LAYOUT.tenants.overlaps) if LAYOUT.tenants else False
        troubled = {t["id"]: " ".join(t["problems"]) for t in document["tenants"] if t["state"] == "trouble"}
        for code in ("unconvertible", "orphan"):
            ((place, tenant),) = [(p, p.partition(".")[0].removeprefix("tenant_")) for c, p in planted if c == code]
            assert place in troubled.pop(tenant)
        nowhere = {
            p.removeprefix(hostile.prefix + "tenant_") for c, p in planted if c in ("no-database", "unreachable")
        }
        assert troubled.keys() == nowhere
        assert "secret" not in checked.stdout + checked.stderr
        copied = world.run("copy", "--json", "--policy", "unconvertible=quarantine", "--policy", "orphan=quarantine")
        totals = json.loads(copied.stdout)["totals"]
        assert (copied.returncode, totals) == (3, {"copied": 3, "trouble": 2})
        # Two churches have rows of the same keys: one was restored from the other's backup.
        twice = "SELECT count(*) > 0 FROM (SELECT id FROM tenant.members GROUP BY id HAVING count(*) > 1) AS twice"
        assert value(world.target, twice) is True


@pytest.mark.parametrize("tenant", ["abc1", "A b", "Ünal", "x" * 90, "a-b", "a.b", "café", "y" * 56, "y" * 57])
def test_the_registry_says_the_schema_that_a_tenant_gets(tenant: str, database: DatabaseUrl) -> None:
    assert unified.CATALOG.template is not None
    named = f"SELECT {OWN_SCHEMA.format(id='named.id')} FROM (SELECT %s::text AS id) AS named"
    assert value(database, named, [tenant]) == unified.CATALOG.template.place_of(tenant)


def test_practice_data_follow_their_plans_limits(churches: Churches) -> None:
    for limit in unified.CATALOG.template.limits if unified.CATALOG.template else ():
        assert limit.by_plan.keys() == {"starter", "growth", "pro"}
    plans = query(churches.registry, 'SELECT "subscriptionPlan" FROM public."Tenant"')
    assert {plan for (plan,) in plans} == {"starter", "growth", "pro"}


@pytest.mark.parametrize(("catalog", "written"), [("koinonia", 38), ("koinonia-shared", 38)])
def test_the_seed_is_the_same_every_time(catalog: str, written: int, churches: Churches) -> None:
    with churches.unified(catalog) as world:
        first, second = (json.loads(world.run("dev", "seed", "--json").stdout)["written"] for _ in range(2))
        assert (first, second) == (written, 0)
        checked = world.run("roles", "--check")  # the reader reads no secret of a tenant either
        assert checked.returncode == 0, checked.stdout
        admins = "tenant.admins" if catalog == "koinonia-shared" else "tenant_c330a5a8c0931978356be8f3.admins"
        assert value(world.target, f"SELECT count(*) FROM {admins}") in (1, 2)


@SHAPES
def test_a_new_church_signs_up_and_its_routes_lead_to_it(catalog: str, churches: Churches, tmp_path: Path) -> None:
    details = {
        "name": "New Life", "email": "office@new.example", "admin_email": "Pat@New.example ", "admin_first_name": "Pat",
        "admin_last_name": "Lee", "phone": "+1 (202) 555-0199", "plan": "growth",
    }  # fmt: skip
    given = [text for name, answer in details.items() for text in ("--set", f"{name}={answer}")]
    with churches.unified(catalog) as world:
        made = world.run("tenant", "create", "cnew1", *given)
        assert made.returncode == 0, made.stderr
        by_email = "SELECT tenant_id FROM registry.admin_email_index WHERE email_hash = %s"
        assert value(world.target, by_email, [email_hash("pat@new.example")]) == "cnew1"
        by_phone = "SELECT tenant_id FROM registry.phone_number_registry WHERE phone_number = %s"
        assert value(world.target, by_phone, [phone_number("+12025550199")]) == "cnew1"
        again = world.run("tenant", "create", "cnew2", *given)
        assert again.returncode == 6
        assert value(world.target, "SELECT count(*) FROM registry.churches") == 1
        dropped = world.run(
            "tenant", "drop", "cnew1", "--yes",
            *(["--without-backup"] if catalog.endswith("shared") else ["--dir", str(tmp_path)]),
        )  # fmt: skip
        assert dropped.returncode == 0, dropped.stderr
        back = world.run("tenant", "create", "cnew1", *given)
        assert back.returncode == 0, back.stderr


def test_the_number_of_tenants_is_refused_where_a_catalog_has_none(churches: Churches) -> None:
    with churches.unified("koinonia") as world:
        other = SystemWorld(registry.find("azora"), world.layout, world.server, world.target, world.prefix, {})
        done = other.run("dev", "legacy", "--tenants", "3", "--url", world.server.plain, "--yes")
    assert done.returncode == 2
    assert "tenants" in done.stderr


def test_both_shapes_have_roles_of_their_own() -> None:
    roles = [catalog.template.service.role for catalog in (unified.CATALOG, shared.CATALOG) if catalog.template]
    assert len(set(roles)) == 2
