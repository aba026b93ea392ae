"""Azora's and TEC's databases go the whole way, in each hosting, and what is wrong in them is found."""

import json
import os
from collections.abc import Iterator

import pytest
from command_line import call
from conftest import TestServer, unique
from schema_dumps import differences, newest_clients
from system_facts import SystemWorld, open_world
from worlds import query, value

from payrollx_db.catalogs import registry
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.schema.seed import insert_seed


@pytest.fixture(scope="module")
def together(server: TestServer) -> Iterator[SystemWorld]:
    """TEC with all its tables in one database, copied from there."""
    for world in open_world(server, "tec", "shared", 2):
        database = world.server.with_database(world.prefix + "tec_ecosystem")
        query(database, "UPDATE public.life_accounts SET balance = 123456789012345.67")
        copied = world.run("copy", "--json")
        assert copied.returncode == 0, copied.stderr
        assert len(json.loads(copied.stdout)["tables"]) == 142
        yield world


@pytest.fixture
def hostile_azora(server: TestServer) -> Iterator[SystemWorld]:
    yield from open_world(server, "azora", "legacy", 10, hostile=True)


def test_azora_goes_the_whole_way_three_services_of_which_share_a_database(azora: SystemWorld) -> None:
    planned = azora.run("plan", "--json")
    assert (planned.returncode, json.loads(planned.stdout)["unaccounted"]) == (0, [])
    assert len(json.loads(planned.stdout)["tables"]) == 45
    left = {discard["source"] for discard in json.loads(planned.stdout)["discarded"]}
    assert "azora_mint.subscription" in left  # of a schema that was given up: named, and left behind
    assert azora.run("check").returncode == 0
    assert azora.run("copy").returncode == 0
    verified = azora.run("verify", "--json")
    assert verified.returncode == 0, verified.stderr
    assert azora.run("roles", "--check").returncode == 0
    # Exactly as it is written there, and the order of modules under a name that SQL keeps for itself.
    assert query(azora.target, 'SELECT count(DISTINCT "order") > 1 FROM education.modules') == [(True,)]
    assert value(azora.target, "SELECT count(*) FROM mint.wallets") == 3


def test_what_no_entry_of_a_shared_database_knows_is_named_once(azora: SystemWorld) -> None:
    shared = azora.server.with_database(azora.prefix + "azora_db")
    query(shared, 'CREATE TABLE "Strange" (id int)')
    try:
        planned = azora.run("plan", "--json")
    finally:
        query(shared, 'DROP TABLE "Strange"')
    assert planned.returncode == 3
    assert [m["place"] for m in json.loads(planned.stdout)["unaccounted"]] == ["azora_nexus.public.Strange"]


def test_another_application_with_a_prefix_of_its_own_is_named_once_and_left_alone(azora: SystemWorld) -> None:
    """And so is a failed migration in the one table of Prisma's that all who share a database have."""
    shared = azora.server.with_database(azora.prefix + "azora_db")
    query(shared, "CREATE TABLE blog_posts (id text PRIMARY KEY, body text)")
    query(shared, "INSERT INTO blog_posts VALUES ('ckopqwooh000001la8mbi2im9', 'theirs')")
    query(shared, "CREATE TABLE IF NOT EXISTS _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64),"
                  " finished_at timestamptz, migration_name varchar(255), logs text, rolled_back_at timestamptz,"
                  " started_at timestamptz DEFAULT now(), applied_steps_count integer DEFAULT 0)")  # fmt: skip
    query(shared, "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('one', 'x', '20260102_blog')")
    try:
        planned = json.loads(azora.run("plan", "--json").stdout)
        assert [m["place"] for m in planned["unaccounted"]] == ["azora_nexus.public.blog_posts"]
        assert azora.run("copy").returncode == 3
        assert azora.run("migrate").returncode == 0
        assert query(shared, "SELECT body FROM blog_posts") == [("theirs",)]
        query(shared, "DROP TABLE blog_posts")
        findings = json.loads(azora.run("check", "--json").stdout)["findings"]
        failed = [f for f in findings if f["severity"] == "block"]
        assert [f["code"] for f in failed] == ["prisma-unfinished"], failed
    finally:
        query(shared, "DROP TABLE IF EXISTS blog_posts, _prisma_migrations")


def test_one_service_of_a_shared_database_is_planned_alone(azora: SystemWorld) -> None:
    planned = azora.run("plan", "--service", "notification", "--json")
    assert (planned.returncode, json.loads(planned.stdout)["unaccounted"]) == (0, [])


def test_a_table_that_two_entries_of_one_database_claim_is_ambiguous(azora: SystemWorld) -> None:
    """Two services with a table of one name can't have been in one database: one of the URLs is wrong."""
    env = azora.env | {"LEGACY_AI_FAMILY_DATABASE_URL": azora.env["LEGACY_SAPIENS_DATABASE_URL"]}
    wrong = SystemWorld(azora.catalog, azora.layout, azora.server, azora.target, azora.prefix, env)
    planned = wrong.run("plan", "--json")
    assert planned.returncode == 3
    found = {(m["code"], m["place"]) for m in json.loads(planned.stdout)["unaccounted"]}
    assert ("ambiguous", "ai_family_db.public.messages") in found


@pytest.mark.long
def test_what_is_planted_in_azora_is_found_and_policies_resolve_it(hostile_azora: SystemWorld) -> None:
    checked = hostile_azora.run("check", "--json")
    assert checked.returncode == 3
    findings = {
        (f["code"], f["place"], f["count"]) for f in json.loads(checked.stdout)["findings"] if f["severity"] == "block"
    }
    assert findings == {
        ("lossy", "azora_education.public.courses.price", 1),
        ("orphan", "azora_education.public.students.userId", 2),
        ("orphan", "azora-forge.public.SkillProfile.userId", 1),
        ("orphan", "azora_mint.public.Wallet.userId", 2),
        ("orphan", "azora_sapiens.public.student_profiles.studentId", 1),
        ("unconvertible", "azora_auth.public.MFASettings.backupCodes", 2),
        ("unconvertible", "azora_education.public.transactions.amount", 3),
    }
    # Of users that these columns have to have, none can be left out: what is offered is what is taken.
    offered = {tuple(f["policies"]) for f in json.loads(checked.stdout)["findings"] if f["code"] == "orphan"}
    assert offered == {("quarantine",)}
    policies = [text for code in ("lossy", "orphan", "unconvertible") for text in ("--policy", f"{code}=quarantine")]
    assert hostile_azora.run("copy", *policies).returncode == 0
    assert hostile_azora.run("verify").returncode == 0


def test_tec_in_one_database_loses_its_prefixes_and_keeps_every_digit(together: SystemWorld) -> None:
    assert together.run("verify").returncode == 0
    assert {str(v) for (v,) in query(together.target, "SELECT trim_scale(balance) FROM life.accounts")} == {
        "123456789012345.67"
    }
    assert query(together.target, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []


def test_a_domain_leaves_tec_in_its_old_shape_and_comes_back(together: SystemWorld, server: TestServer) -> None:
    """The old tables by pg_dump of both sides, and their rows as the server writes them; users go along."""
    old = together.server.with_database(together.prefix + "tec_ecosystem")
    names = unique("buyer"), unique("again")
    buyer, again = (server.create_database(name) for name in names)
    try:
        done = together.run(
            "service", "export", "life", "--to", buyer.plain, "--shape", "legacy", "--extract", "--json"
        )
        assert done.returncode == 0, done.stderr
        only_old, only_here = differences((old, "public"), (buyer, "public"), newest_clients())
        assert only_here == []
        assert [part for part in only_old if '"life_' in part] == []
        for table in json.loads(done.stdout)["tables"]:
            assert (texts := rows(buyer, table)) == rows(old, table)
            assert texts
        users = query(buyer, "SELECT id FROM extract.shared_users ORDER BY id")
        assert users == query(old, 'SELECT DISTINCT "userId" FROM public.life_accounts ORDER BY 1')
        returned = SystemWorld(together.catalog, together.layout, server.url, again, together.prefix)
        done = returned.run("service", "import", "life", "--from", buyer.plain, "--shape", "legacy")
        assert done.returncode == 0, done.stderr
        for table in together.catalog.service("life").tables:
            assert query(again, f"SELECT * FROM life.{table} ORDER BY id") == query(
                together.target, f"SELECT * FROM life.{table} ORDER BY id"
            )
    finally:
        for name in names:
            server.drop_database(name)


def rows(url: DatabaseUrl, table: str) -> list[tuple[object, ...]]:
    return query(url, f'SELECT to_jsonb(t)::text FROM public."{table}" AS t ORDER BY 1')


@pytest.mark.long
def test_where_tecs_domains_are_is_said_in_its_hybrid(server: TestServer) -> None:
    """Five have moved out: each is migrated where it is, and reads no users any more, wherever others still do."""
    away = ("life", "assets", "fundx", "nbf", "insure")
    names = [unique("tec"), *(unique(name) for name in away)]
    unified, *others = (server.create_database(name) for name in names)
    try:
        env = {"PATH": os.environ["PATH"], "DATABASE_URL": unified.plain}
        env |= {f"{name.upper()}_DATABASE_URL": url.plain for name, url in zip(away, others, strict=True)}
        migrated = call(("migrate", "--catalog", "tec", "--json"), env)
        assert migrated.returncode == 0, migrated.stderr
        accounts = json.loads(migrated.stdout)["databases"]
        assert [(len(one["services"]), one["outcome"]) for one in accounts].count((1, "done")) == len(away)
        assert {(len(one["services"]), one["outcome"]) for one in accounts} == {(20, "done"), (1, "done")}
        placed = json.loads(call(("placement", "--catalog", "tec", "--json"), env).stdout)
        assert {one["service"]: one["url"] for one in placed["services"] if one["variable"] != "DATABASE_URL"} == {
            name: url.masked for name, url in zip(away, others, strict=True)
        }
        assert all(one["usable"] for one in placed["services"])
        (users, payments) = sorted(placed["reads_apart"], key=lambda read: -len(read["readers"]))
        assert (users["table"], set(users["readers"])) == ("shared.users", set(away))
        assert (payments["table"], payments["readers"]) == ("shared.payments", ["insure"])
        assert placed["left_behind"] == []
    finally:
        for name in names:
            server.drop_database(name)


@pytest.mark.long
def test_what_is_planted_in_tec_is_found(server: TestServer) -> None:
    for world in open_world(server, "tec", "shared", 20, hostile=True):
        checked = json.loads(world.run("check", "--json").stdout)
        found = {(f["code"], f["place"], f["count"]) for f in checked["findings"] if f["severity"] == "block"}
        assert found == {
            ("lossy", "tec_ecosystem.public.payments.amount", 2),
            ("lossy", "tec_life.public.life_investments.amount", 1),
            ("unconvertible", "tec_ecosystem.public.transfers.amount", 1),
            ("unconvertible", "tec_life.public.life_accounts.balance", 2),
        }


@pytest.mark.long
@pytest.mark.parametrize("layout", ["legacy", "hybrid"])
def test_tec_apart_and_in_its_hybrid(server: TestServer, layout: str) -> None:
    for world in open_world(server, "tec", layout, 2):
        policies: list[str] = []
        if layout == "hybrid":
            refused = world.run("plan", "--json")
            left = {(m["code"], m["place"]) for m in json.loads(refused.stdout)["unaccounted"]}
            assert refused.returncode == 3
            assert {code for code, _ in left} == {"moved-out"}
            assert len(left) == 25  # five domains have moved out, with five tables each
            policies = ["--policy", "moved-out=discard"]
            planned = json.loads(world.run("plan", "--json", *policies).stdout)
            assert {"source": "tec_ecosystem.life_accounts", "reason": "tec_life has moved out, and has these rows"
                    " elsewhere"} in planned["discarded"]  # fmt: skip
        assert world.run("copy", *policies).returncode == 0
        assert world.run("verify", *policies).returncode == 0


@pytest.mark.parametrize("system", ["azora", pytest.param("tec", marks=pytest.mark.long)])
def test_the_seed_is_the_same_every_time(server: TestServer, system: str) -> None:
    catalog = registry.find(system)
    name = unique(f"{system}_seed")
    url = server.create_database(name)
    try:
        migrate.upgrade(url, catalog)
        assert migrate.check(url, catalog) == []
        seed = registry.seed(catalog)
        first, second = (insert_seed(url, catalog, seed, catalog.services) for _ in range(2))
        assert (first.written, second.written) == ({"azora": 33, "tec": 28}[system], 0)
        if system == "azora":
            counts = {table: value(url, f"SELECT count(*) FROM {table}") for table in NAMED}
            assert counts == NAMED
    finally:
        server.drop_database(name)


# What the system's document names of its seed.
NAMED = {
    "auth.users": 3, "education.courses": 2, "education.modules": 3, "mint.wallets": 3, "mint.transactions": 2,
    "forge.jobs": 2, "ai_family.family_members": 3, "sapiens.tutoring_sessions": 1, "sapiens.learning_paths": 1,
}  # fmt: skip


def test_azoras_logins_work_against_their_hashes() -> None:
    import bcrypt

    from payrollx_db.catalogs.azora.seed import PASSWORD, PEOPLE

    assert all(bcrypt.checkpw(PASSWORD.encode(), person.hashed.encode()) for person in PEOPLE)
    assert not any(bcrypt.checkpw(b"another", person.hashed.encode()) for person in PEOPLE)
