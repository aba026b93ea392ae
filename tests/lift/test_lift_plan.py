"""lift plan: what a lift leaves behind, and what the target lacks, is named before anything is made."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from command_line import Done, call
from conftest import TestServer, unique

from payrollx_db.lift.plan import lacking
from payrollx_db.lift.plan.facts import SourceFacts, TargetFacts
from payrollx_db.lift.project import LiftedSchema
from payrollx_db.postgres.introspect import Database
from payrollx_db.postgres.url import DatabaseUrl

ODD = """
CREATE ROLE {role} NOLOGIN;
CREATE TABLE p (id integer PRIMARY KEY, owner text);
ALTER TABLE p ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON p TO {role} USING (owner = current_user);
GRANT SELECT ON p TO {role};
CREATE PUBLICATION news FOR TABLE p;
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION watch();
ALTER EVENT TRIGGER watching DISABLE;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1 FROM public.p, p AS q; RETURN NEW; END';
CREATE FUNCTION innocent() RETURNS text LANGUAGE sql AS 'SELECT ''republic.p''::text';
CREATE FUNCTION quoting() RETURNS text LANGUAGE sql AS 'SELECT ''public.p''::text -- public.p';
CREATE FUNCTION folding() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM PUBLIC . "p"';
CREATE FUNCTION running() RETURNS void LANGUAGE plpgsql AS 'DECLARE q text := ''TABLE public.p''; BEGIN EXECUTE q; END';
CREATE FUNCTION typed() RETURNS void LANGUAGE plpgsql AS 'DECLARE q public.p%ROWTYPE; BEGIN q.id := 1 = 2; END';
CREATE FUNCTION casting() RETURNS regclass LANGUAGE sql AS 'SELECT ''public.p''::regclass';
CREATE FUNCTION sized(integer) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT count(*) FROM p';
CREATE FUNCTION plain(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT abs($1)';
CREATE TABLE sizes (id integer DEFAULT plain(1), size bigint GENERATED ALWAYS AS (sized(1)) STORED);
CREATE TRIGGER touching BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION touch();
SELECT lo_create(4711);
CREATE TABLE numbered (id integer PRIMARY KEY, scan oid, watched regclass[]);
ALTER DATABASE {database} SET work_mem TO '8MB';
ALTER DATABASE {database} SET app.secret TO 'hush';
ALTER DATABASE {database} SET search_path TO "Odd ""one", public, '$user';
CREATE FOREIGN DATA WRAPPER none;
CREATE SERVER far FOREIGN DATA WRAPPER none;
CREATE FOREIGN TABLE afar (id integer) SERVER far;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role};
CREATE SCHEMA parts;
CREATE TABLE parted (at date) PARTITION BY RANGE (at);
CREATE TABLE parts.rest PARTITION OF parted DEFAULT;
"""


class World:
    """A source with oddities, an empty target on the same server, and a folder for lift.toml."""

    def __init__(self, source: DatabaseUrl, target: DatabaseUrl, folder: Path) -> None:
        self.source, self.target, self.folder = source, target, folder

    def call(self, *arguments: str) -> Done:
        urls = {"DATABASE_URL": self.target.plain, "LEGACY_DATABASE_URL": self.source.plain}
        return call(arguments, urls, self.folder)

    def plan(self) -> tuple[int, dict[str, Any]]:
        done = self.call("lift", "plan", "--json")
        assert done.stdout, done.stderr
        return done.returncode, {finding["code"]: finding for finding in json.loads(done.stdout)["findings"]}


@pytest.fixture
def world(server: TestServer, tmp_path: Path) -> Iterator[World]:
    names = unique("odd"), unique("target")
    source, target = (server.create_database(name) for name in names)
    role = f"{names[0]}_role"
    with psycopg.connect(source.conninfo(), autocommit=True) as connection:
        connection.execute(ODD.format(role=role, database=names[0]))
    yield World(source, target, tmp_path)
    for name in names:
        server.drop_database(name)
    with psycopg.connect(server.url.conninfo(), autocommit=True) as connection:
        connection.execute(f"DROP ROLE {role}")


def test_what_stays_behind_is_named_with_the_next_step(world: World) -> None:
    assert world.call("lift", "init", "--databases", world.source.dbname).returncode == 0

    code, findings = world.plan()

    assert code == 3
    assert {code for code, finding in findings.items() if finding["severity"] == "block"} == {"large-object", "no-rule"}
    assert findings["no-rule"]["examples"] == ["numbered.watched"]
    assert findings["event-trigger"]["examples"] == ["watching (on ddl_command_end)"]
    assert findings["publication"]["examples"] == ["news"]
    assert findings["foreign-table"]["examples"] == ["afar (of far)"]
    assert findings["routine-schema"]["examples"] == ["casting", "folding", "running", "touch", "typed"]
    assert findings["routine-called"]["examples"] == [
        "sized (by generated column; names p)", "touch (by trigger; names p)",
    ]  # fmt: skip
    assert "routine-names" not in findings
    assert {"grant", "default-privileges", "foreign-server"} <= findings.keys()
    assert "partition-elsewhere" not in findings  # the schema is lifted as well
    assert "\"work_mem\" TO '8MB'" in findings["database-setting"]["sql"]
    assert '"search_path" TO \'Odd "one\', ' in findings["database-setting"]["sql"]
    assert "$user'" in findings["database-setting"]["sql"]
    assert '"app"."secret"' in findings["database-setting"]["sql"]
    assert "hush" not in json.dumps(findings)
    assert all(finding["remedy"] or finding["severity"] == "info" for finding in findings.values())

    with psycopg.connect(world.target.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE FOREIGN DATA WRAPPER none; CREATE SERVER far FOREIGN DATA WRAPPER none")
    with (world.folder / "lift.toml").open("a", encoding="utf-8") as file:
        file.write(f'[databases.{world.source.dbname}.left_behind]\npg_largeobject = "old scans, kept as a dump"\n')
        file.write('"numbered.scan" = "of these scans"\n"numbered.watched" = "numbers of this database"\n')
    code, findings = world.plan()
    assert code == 0
    assert "large-object" not in findings
    assert "foreign-table" not in findings  # as the target has its server by now


def test_types_and_roles_that_are_there_before_are_found(world: World) -> None:
    name = world.source.dbname
    assert world.call("lift", "init", "--databases", name, "--name", "n").returncode == 0
    file = world.folder / "lift.toml"
    file.write_text(file.read_text("utf-8").replace(f'"n_{name}"', f'"{name}_role"'))
    with psycopg.connect(world.target.conninfo(), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}; CREATE TYPE {name}.mood AS ENUM ('glad')")

    _, findings = world.plan()

    assert findings["schema-taken"]["severity"] == "block"
    assert findings["schema-taken"]["examples"] == [f"type {name}.mood"]
    assert findings["role-taken"]["severity"] == "warn"


def test_without_a_parser_bodies_are_searched_and_that_is_said_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pglast", None)
    assert world.call("lift", "init", "--databases", world.source.dbname).returncode == 0

    _, findings = world.plan()

    assert findings["routine-names"]["remedy"] == "pip install 'payrollx-db[names]'"
    assert findings["routine-names"]["severity"] == "info"
    assert {"quoting", "touch"} <= set(findings["routine-schema"]["examples"])
    assert "touch (by trigger)" in findings["routine-called"]["examples"]


def test_a_schema_of_others_and_a_reader_without_rights_stand_in_the_way(world: World) -> None:
    role = f"{world.source.dbname}_reader"
    assert world.call("lift", "init", "--databases", world.source.dbname, "--name", "n").returncode == 0
    with psycopg.connect(world.target.conninfo(), autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{world.source.dbname}" CREATE TABLE others (id integer)')
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    poor = DatabaseUrl({**world.source.params, "user": role, "password": "x"})
    urls = {"DATABASE_URL": world.target.plain, "LEGACY_DATABASE_URL": poor.plain}
    try:
        done = call(("lift", "plan", "--json"), urls, world.folder)
    finally:
        with psycopg.connect(world.target.conninfo(), autocommit=True) as connection:
            connection.execute(f"DROP ROLE {role}")

    assert done.returncode == 3
    blocking = {f["code"]: f for f in json.loads(done.stdout)["findings"] if f["severity"] == "block"}
    assert blocking["schema-taken"]["examples"] == ["others"]
    assert blocking["privilege"]["examples"] == ["parts (USAGE)", "rest (SELECT)"]
    assert 'GRANT USAGE ON SCHEMA "parts"' in blocking["privilege"]["sql"]


def test_a_database_is_not_lifted_into_itself_whatever_url_names_it(world: World) -> None:
    """Nor are its invalid indexes carried over; that of a partitioned table, which lacks a partition's, is."""
    services = world.folder / "services.conf"
    services.write_text("[there]\n" + "".join(f"{key}={text}\n" for key, text in world.source.params.items()))
    with psycopg.connect(world.source.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE twice (a) AS VALUES (1), (1); CREATE INDEX half ON ONLY parted (at)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute('CREATE UNIQUE INDEX CONCURRENTLY "left ""over" ON twice (a)')
    name = world.source.dbname
    assert world.call("lift", "init", "--databases", name).returncode == 0
    urls = {"DATABASE_URL": "postgresql:///?service=there", "LEGACY_DATABASE_URL": world.source.plain}
    urls["PGSERVICEFILE"] = str(services)

    done = call(("lift", "plan", "--json"), urls, world.folder)
    assert done.stdout, done.stderr
    findings = {finding["code"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 3
    assert findings["same-database"]["severity"] == "block"
    assert findings["same-database"]["place"].startswith(name)
    assert findings["invalid-index"]["examples"] == ['left "over (of twice)']


def test_one_schema_is_not_lifted_twice_whatever_urls_name_it(world: World) -> None:
    again = DatabaseUrl({**world.source.params, "connect_timeout": "17"})
    sources = ("--source", f"one={world.source.plain}", "--source", f"two={again.plain}")
    urls = {"DATABASE_URL": world.target.plain, "PGPASSWORD": str(world.source.params["password"])}
    assert call(("lift", "init", *sources), urls, world.folder).returncode == 0

    done = call(("lift", "plan", "--json"), urls, world.folder)

    assert done.returncode == 3, done.stderr
    same = [found for found in json.loads(done.stdout)["findings"] if found["code"] == "same-database"]
    assert same, done.stdout
    assert all(found["severity"] == "block" and found["place"].startswith("two") for found in same)


def test_roles_and_extensions_that_another_server_lacks() -> None:
    def database(version: int, encoding: str) -> Database:
        return Database(
            "d",
            "1",
            "d",
            version,
            str(version // 10000),
            encoding,
            standby=False,
            tables={},
            foreign_keys=(),
            leftovers=(),
        )

    source = LiftedSchema("shop", "shop", "public", "", "shop", "shop", "shop_role")
    facts = SourceFacts(
        database(130_010, "LATIN1"),
        {
            "extension": [("gone", "1.0"), ("unused", "1.0"), ("older", "1.0"), ("kept", "1.0"), ("barred", "1.0")],
            "extension-use": [("gone", ""), ("older", ""), ("barred", "")],
        },
        {"public": {"policy-role": [("mine on p", "absent"), ("all on p", "there")], "collation": [("t.c", "xx_YY")]}},
    )
    target = TargetFacts(
        database(150_002, "LATIN9"),
        {
            "role": [("there", "")],
            "installed": [("kept", "1.0")],
            "version": [("older", "0.9"), ("barred", "1.0")],
            "default": [("older", "0.9"), ("barred", "1.0")],
            "forbidden": [("barred", "1.0")],
        },
    )

    found = [
        *lacking.of_server(source, facts, target), *lacking.extensions(source, facts, target),
        *lacking.roles(source, facts, target), *lacking.collations(source, facts, target),
    ]  # fmt: skip

    assert [(finding.code, finding.severity, finding.place) for finding in found] == [
        ("version", "block", "shop"),
        ("encoding", "block", "shop"),
        ("extension-missing", "block", "shop, extension gone"),
        ("extension-missing", "warn", "shop, extension unused"),
        ("extension-version", "warn", "shop, extension older"),
        ("extension-forbidden", "block", "shop, extension barred"),
        ("policy-role", "block", "shop"),
        ("collation", "block", "shop"),
    ]
    assert found[6].sql == 'CREATE ROLE "absent" NOLOGIN;'

    nameless = SourceFacts(database(150_002, "SQL_ASCII"), {})
    unified = TargetFacts(database(150_002, "UTF8"), {})
    assert [finding.code for finding in lacking.of_server(source, nameless, unified)] == ["encoding"]
