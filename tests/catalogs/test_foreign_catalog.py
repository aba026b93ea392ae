"""A catalog of somebody else's, with models and migrations of its own: all commands work on it, and on it alone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import TestServer, unique
from facades import a_login
from harbour import berthing, catalog, customs, registry
from harbour.catalog import CATALOG
from harbour.examples import SCRIPTS
from harbours import PAYROLLX, Harbour
from schema_snapshots import run
from sqlalchemy import MetaData, func, select

from payrollx_db.errors import BoundaryError, TargetError
from payrollx_db.facade import engines
from payrollx_db.facade.unit_of_work import transaction
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate

BARE = "harbour.catalog:BARE"
CALLS = "harbour_port.public.calls"
SHIP = f"{CALLS}.shipFlag+shipNumber"
FOREIGN_KEY = "berth-ing.Port Calls.(ship_flag, ship_number) -> Ship Registry.ships.(flag, number)"

# -- no command imports PayrollX -----------------------------------------------------------------------

LIFE = (
    "migrate --sql", "migrate", "migrate --check",
    "plan --sql", "check", "copy --policy orphan=quarantine", "verify",
    "quarantine list", f"quarantine show {CALLS} 1", "quarantine export", "quarantine retry",
    "status", "report --html report.html", "report --check report.html",
    "doctor", "metrics", "placement", "pool-budget",
    "roles", "roles --check", "roles --sql",
    "roles login registry --name LOGIN --password-env PASSWORD", "roles nologin registry --name LOGIN",
    "service list", "service backup --all", "service restore berthing --yes",
    "service export customs --to OTHER --yes", "service drop customs --yes",
    "service import customs --from OTHER --yes",
    "dev seed", "dev legacy --url SERVER --yes",
    "migrate --downgrade base --yes",
)  # fmt: skip
CONSOLIDATED = 7  # up to and with the verification
FINDINGS = {"check", "quarantine retry"}  # what these find is exit code 3


@pytest.fixture
def names(server: TestServer) -> Iterator[dict[str, str]]:
    """What the commands above call things that differ from run to run."""
    other = unique("other")
    url = server.create_database(other)
    yield {"LOGIN": unique("login"), "OTHER": url.plain, "SERVER": server.url.plain}
    for name in (other, *SCRIPTS):
        server.drop_database(name)


@pytest.mark.parametrize("life", [LIFE[:CONSOLIDATED], pytest.param(LIFE, marks=pytest.mark.long)])
def test_no_command_imports_a_module_of_payrollx(
    empty_harbour: Harbour, names: dict[str, str], life: tuple[str, ...]
) -> None:
    commands = [[names.get(word, word) for word in line.split()] for line in life]
    ended = empty_harbour.run_apart(commands, {"PASSWORD": "made up"})

    for line, (code, out, err, modules) in zip(life, ended, strict=True):
        assert code == (3 if line in FINDINGS else 0), (line, out, err)
        assert [name for name in modules if name.startswith(PAYROLLX)] == [], line
    assert "payrollx_db.catalogs.registry" in ended[-1][-1]


def test_no_facade_imports_a_module_of_payrollx(harbour: Harbour) -> None:
    program = """
import json, sys
from harbour import berthing, catalog, registry
from payrollx_db.facade import engines
from payrollx_db.facade.unit_of_work import transaction
with transaction(registry, berthing) as tx:
    tx.registry.add(registry.Ship(flag="DK", number=1, name="Dannebrog"))
    tx.berthing.add(berthing.Berth(pier="P1", number=1))
with catalog.reader.session() as session:
    assert session.query(registry.Ship).one().name == "Dannebrog"
try:
    registry.db.berths
except AttributeError as error:
    assert "belongs to the berthing service" in str(error)
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=harbour.env, check=False)

    assert done.returncode == 0, done.stderr
    assert [name for name in json.loads(done.stdout) if name.startswith(PAYROLLX)] == []


# -- migrate, placement, doctor ------------------------------------------------------------------------


def test_migrations_are_the_catalogs_own(harbour: Harbour) -> None:
    assert migrate.current(harbour.target, CATALOG) == {s.name: f"{s.name}_0001" for s in CATALOG.services}
    assert migrate.check(harbour.target, CATALOG) == []
    harbour.rows('ALTER TABLE "berth-ing"."Port Calls" DROP CONSTRAINT "fk_Port Calls_ship_flag_ship_number"')

    done = harbour.run("migrate", "--check")

    assert done.returncode == 3
    missing = "foreign key fk_Port Calls_ship_flag_ship_number of berth-ing.Port Calls is missing"
    assert missing in " ".join(done.stdout.split())
    assert "payrollx-db migrate --catalog harbour.catalog:CATALOG" in done.stderr


def test_a_catalog_without_keys_between_its_services_can_be_migrated(database: DatabaseUrl) -> None:
    service = Service("weather", "weather", "harbour_weather")
    migrations = Path(catalog.__file__).parent / "migrations" / "weather"
    sky = Catalog.of(
        "sky", MetaData(), [service], owner_role="harbour_owner", reader_role="harbour_reader", migrations=migrations
    )

    assert migrate.upgrade(database, sky).current == {"weather": "weather_0001"}
    assert migrate.check(database, sky) == []


def test_a_service_without_tables_is_usable_once_its_schema_is_there(harbour: Harbour) -> None:
    assert all(service["usable"] for service in harbour.answer("placement")["services"])
    harbour.rows("DROP SCHEMA weather")

    placed = {service["service"]: service["problem"] for service in harbour.answer("placement")["services"]}
    assert placed == {"registry": "", "berthing": "", "customs": "", "weather": "not migrated"}


def test_services_apart_leave_the_reference_declared(harbour_to_read: Harbour, database: DatabaseUrl) -> None:
    done = harbour_to_read.run("placement", "--json", env={"REGISTRY_DATABASE_URL": database.plain})

    assert json.loads(done.stdout)["declared_only"] == [FOREIGN_KEY]


def test_doctor_looks_for_the_catalogs_services_and_says_how_they_are_migrated(empty_harbour: Harbour) -> None:
    health = empty_harbour.answer("doctor")

    (finding,) = health["findings"]
    assert (finding["code"], finding["remedy"]) == (
        "not-migrated",
        "payrollx-db migrate --catalog harbour.catalog:CATALOG",
    )
    assert [s["service"] for s in empty_harbour.answer("service", "list")] == [s.name for s in CATALOG.services]


def test_doctor_wants_an_index_over_all_columns_of_a_reference(harbour: Harbour) -> None:
    def missing() -> list[str]:
        return [f["place"] for f in harbour.answer("doctor")["findings"] if f["code"] == "missing-index"]

    assert missing() == []
    harbour.rows('DROP INDEX "berth-ing"."ix_Port Calls_declared_year_declared_number"')
    harbour.rows('CREATE INDEX ON "berth-ing"."Port Calls" (declared_year)')
    assert missing() == ["berth-ing.Port Calls.declared_year+declared_number"]
    harbour.rows('CREATE INDEX ON "berth-ing"."Port Calls" (declared_number, declared_year)')
    assert missing() == []


# -- the consolidation ---------------------------------------------------------------------------------


def test_rows_whose_whole_key_has_no_parent_are_orphans(hostile_harbour: Harbour) -> None:
    findings = {f["code"]: f for f in hostile_harbour.answer("check")["findings"] if f["severity"] != "info"}

    assert findings.keys() == {"orphan", "loose-orphan"}
    orphan, loose = findings["orphan"], findings["loose-orphan"]
    assert (orphan["place"], orphan["count"]) == (SHIP, 2)
    assert [json.loads(key) for key in orphan["examples"]] == [["DK", "1"], ["DK", "3"]]
    assert (loose["place"], loose["count"]) == (f"{CALLS}.declaredYear+declaredNumber", 1)


def test_nothing_is_found_where_each_key_has_its_parent_or_a_null(harbour: Harbour) -> None:
    assert [f for f in harbour.answer("check")["findings"] if f["severity"] != "info"] == []
    assert harbour.run("copy").returncode == 0
    assert harbour.answer("verify")["identical"]
    assert harbour.rows('SELECT ship_number FROM "berth-ing"."Port Calls" WHERE ship_flag IS NULL') == [(999,)]


@pytest.mark.parametrize("place", ["", f":{SHIP}"])
def test_orphans_are_quarantined_and_come_back(place: str, hostile_harbour: Harbour) -> None:
    done = hostile_harbour.run("copy", "--policy", f"orphan{place}=quarantine")
    assert done.returncode == 0, done.stderr
    assert [entry["key"] for entry in hostile_harbour.answer("quarantine", "list")] == ["1", "3"]
    assert hostile_harbour.rows('SELECT count(*) FROM "berth-ing"."Port Calls"') == [(9,)]
    hostile_harbour.rows("""INSERT INTO "Ship Registry".ships VALUES ('DK', 1, 'found')""")

    retried = hostile_harbour.answer("quarantine", "retry")

    assert [(one["restored"], list(one["refused"])) for one in retried] == [(["1"], ["3"])]


def test_policy_null_lets_go_of_the_whole_reference(hostile_harbour: Harbour) -> None:
    done = hostile_harbour.run("copy", "--policy", "orphan=null")

    assert done.returncode == 0, done.stderr
    calls = 'SELECT ship_flag, ship_number FROM "berth-ing"."Port Calls" WHERE id IN (1, 3)'
    assert hostile_harbour.rows(calls) == [(None, None), (None, None)]
    assert hostile_harbour.answer("verify")["identical"]


def test_rows_that_point_at_a_quarantined_one_fall_with_it(harbour: Harbour) -> None:
    run(harbour.urls["harbour_ships"], """UPDATE "Ships" SET name = 'ship 2' WHERE no = 1""")

    done = harbour.run("copy", "--policy", "duplicate=quarantine")

    assert done.returncode == 0, done.stderr
    entries = {entry["source"]: entry for entry in harbour.answer("quarantine", "list")}
    assert json.loads(entries["harbour_ships.public.Ships"]["key"]) == ["NO", "1"]
    assert (entries[CALLS]["key"], entries[CALLS]["cause"]) == ("1", 'harbour_ships.public.Ships ["NO", "1"]')


def test_a_key_that_the_source_enforces_already_is_not_looked_up(harbour: Harbour) -> None:
    key = "ALTER TABLE calls ADD FOREIGN KEY (berth, pier) REFERENCES berths (number, pier)"
    run(harbour.urls["harbour_port"], key)

    assert harbour.run("copy").returncode == 0
    assert harbour.answer("verify")["identical"]


# -- backups and reports -------------------------------------------------------------------------------


def test_a_restore_ties_the_reference_again(harbour: Harbour) -> None:
    assert harbour.run("copy").returncode == 0
    assert harbour.run("service", "backup", "--all").returncode == 0
    harbour.rows('DELETE FROM "berth-ing"."Port Calls"')

    restored = harbour.answer("service", "restore", "berthing", "--yes")

    assert restored["enforced"] == [FOREIGN_KEY]
    assert restored["loose"] == [
        "berth-ing.Port Calls.(declared_year, declared_number) ~> customs.declarations.(year, number)"
    ]
    assert harbour.rows('SELECT count(*) FROM "berth-ing"."Port Calls"') == [(11,)]
    done = harbour.run("service", "drop", "registry", "--yes")
    assert (done.returncode, FOREIGN_KEY in done.stderr) == (6, True)


def test_a_restore_with_rows_that_point_nowhere_is_refused(harbour: Harbour) -> None:
    assert harbour.run("copy").returncode == 0
    assert harbour.run("service", "backup", "berthing").returncode == 0
    harbour.rows('TRUNCATE "berth-ing"."Port Calls"')
    harbour.rows("""DELETE FROM "Ship Registry".ships WHERE number = 4""")

    done = harbour.run("service", "restore", "berthing", "--yes")

    assert (done.returncode, f"{FOREIGN_KEY}: 1 row " in done.stderr) == (3, True), done.stderr


def test_what_is_recorded_can_be_limited_to_a_catalog(hostile_harbour: Harbour) -> None:
    hostile_harbour.run("copy", "--policy", "orphan=quarantine")

    assert [run["catalog"] for run in hostile_harbour.answer("status")["runs"]] == ["harbour"]
    assert hostile_harbour.answer("status", "--catalog", "payrollx")["runs"] == []
    assert len(hostile_harbour.answer("quarantine", "list")) == 2
    assert hostile_harbour.answer("quarantine", "list", "--catalog", "payrollx") == []
    assert hostile_harbour.answer("report")["run"]["catalog"] == "harbour"
    assert "no run is recorded here" in hostile_harbour.run("report", "--catalog", "payrollx").stderr
    hostile_harbour.run("report", "--html", "report.html")
    done = hostile_harbour.run("report", "--check", "report.html", "--catalog", "payrollx")
    assert (done.returncode, "of the catalog harbour, not of payrollx" in done.stderr) == (2, True), done.stderr


# -- seed, and what a catalog may lack -----------------------------------------------------------------


def test_the_catalogs_seed_is_written_once(harbour: Harbour) -> None:
    first, again = harbour.answer("dev", "seed"), harbour.answer("dev", "seed")

    assert (first["written"], again["written"]) == (5, 0)
    assert (first["logins"], first["password"]) == ([], None)
    assert harbour.rows('SELECT ship_flag, ship_number FROM "berth-ing"."Port Calls"') == [("DK", 1)]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("migrate", "--catalog", BARE), 1, "the catalog bare has no migrations"),
        (("migrate", "--sql", "--catalog", BARE), 1, "the catalog bare has no migrations"),
        (("doctor", "--catalog", BARE), 1, "the catalog bare has no migrations"),
        (("service", "list", "--catalog", BARE), 1, "the catalog bare has no SQLAlchemy metadata"),
        (("service", "backup", "customs", "--catalog", BARE), 1, "the catalog bare has no SQLAlchemy metadata"),
        (("dev", "seed", "--catalog", BARE), 1, "the catalog bare has no seed"),
        (("dev", "legacy", "--catalog", BARE), 1, "the catalog bare has no practice data"),
        (("plan", "--catalog", BARE), 2, "the catalog bare has no layout 'legacy'"),
        (("plan", "--from", "nowhere"), 2, "the catalog harbour has no layout 'nowhere'"),
        (("plan", "--catalog", "nowhere"), 2, "there is no catalog 'nowhere'"),
        (("plan", "--service", "auth"), 2, "catalog harbour has no service 'auth'"),
        (("pool-budget", "--service", "auth"), 2, "catalog harbour has no service 'auth'"),
        (("migrate", "--service", "auth"), 2, "there is no service 'auth'"),
        (("service", "backup", "auth"), 2, "catalog harbour has no service 'auth'"),
        (("roles", "login", "auth"), 2, "catalog harbour has no service 'auth'"),
    ],
)
def test_what_a_catalog_lacks_is_refused_by_name(
    arguments: tuple[str, ...], code: int, said: str, harbour_to_read: Harbour
) -> None:
    done = harbour_to_read.run(*arguments)

    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_another_layout_of_the_catalogs_goes_by_its_name(harbour_to_read: Harbour) -> None:
    assert len(harbour_to_read.answer("plan", "--from", "again")["tables"]) == 4
    assert len(harbour_to_read.answer("plan", "--from", "harbour.layout:LAYOUT")["tables"]) == 4


def test_an_installed_package_brings_a_catalog_by_its_entry_point(harbour_to_read: Harbour) -> None:
    package = harbour_to_read.folder / "site" / "harbour-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: harbour\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[payrollx_db.catalogs]\nport = harbour.catalog:CATALOG\n")
    path = os.pathsep.join([str(package.parent), harbour_to_read.env["PYTHONPATH"]])

    done = harbour_to_read.run("migrate", "--check", "--catalog", "port", env={"PYTHONPATH": path})
    assert done.returncode == 0, done.stderr
    done = harbour_to_read.run("plan", "--catalog", "nowhere", env={"PYTHONPATH": path})
    assert "there are azora, koinonia, koinonia-shared, payrollx, port, tec" in done.stderr


# -- facades -------------------------------------------------------------------------------------------


@pytest.fixture
def afloat(harbour: Harbour, server: TestServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harbour]:
    """A harbour in which the facades work, as a login that may act as its services."""
    roles = [*(service.role for service in CATALOG.services), CATALOG.reader_role]
    with a_login(server.url, roles) as login:
        url = DatabaseUrl({**harbour.target.params, **login})
        monkeypatch.setenv("DATABASE_URL", url.plain)
        yield harbour
        engines.dispose()


def test_facades_reader_and_unit_of_work_go_by_the_catalog(afloat: Harbour) -> None:
    with transaction(registry, berthing) as tx:
        tx.berthing.add(berthing.Call(ship_flag="DK", ship_number=1, pier="P1", berth=1))
        tx.berthing.add(berthing.Berth(pier="P1", number=1))
        tx.registry.add(registry.Ship(flag="DK", number=1, name="Dannebrog"))

    with catalog.reader.session() as session:
        ships = select(registry.Ship.name).join(berthing.Call, registry.Ship.number == berthing.Call.ship_number)
        assert session.scalars(ships).all() == ["Dannebrog"]
    with customs.db.session() as session:
        with pytest.raises(BoundaryError, match="belongs to the registry service"):
            session.scalars(select(func.count()).select_from(registry.Ship)).one()
    with pytest.raises(BoundaryError, match="belongs to the berthing service"):
        _ = registry.db.berths


def test_what_a_facade_advises_is_about_its_catalog(afloat: Harbour) -> None:
    afloat.rows('DROP TABLE "berth-ing"."Port Calls"')

    with pytest.raises(TargetError) as caught:
        with berthing.db.session() as session:
            session.scalars(select(berthing.Call)).all()
    assert caught.value.hint == "run payrollx-db migrate --catalog harbour.catalog:CATALOG"
    with pytest.raises(TargetError) as caught:
        berthing.db.ping()
    assert caught.value.hint == "run payrollx-db migrate --catalog harbour.catalog:CATALOG"
