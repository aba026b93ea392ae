"""What surrounds the rows: each thing that can spoil a run is provoked for real, and found by its code."""

import asyncio
from dataclasses import replace

import pytest
from conftest import TestServer
from preflight_worlds import (
    Make,
    findings_in,
    has_icu,
    login,
    notable,
    one_finding,
)
from worlds import World, query, snapshot_of, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import FindingsError, TargetError

# -- nothing to say -----------------------------------------------------------------------------------


def test_well_behaved_databases_have_nothing_to_say(reading_world: World) -> None:
    found = findings_in(reading_world)

    assert notable(found) == []
    assert {f.place for f in found if f.code == "replication-ready"} == set(reading_world.urls)


def test_nothing_is_changed(reading_world: World) -> None:
    urls = [*reading_world.urls.values(), reading_world.target]
    before = [snapshot_of(url) for url in urls]

    findings_in(reading_world)

    assert [snapshot_of(url) for url in urls] == before


# -- encodings and collations --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("SQL_ASCII", "UTF8", [("block", "old")]),
        ("UTF8", "LATIN1", [("block", "old")]),
        ("LATIN1", "UTF8", [("info", "old")]),
        ("LATIN1", "LATIN1", []),
        ("UTF8", "SQL_ASCII", [("block", "new"), ("block", "old")]),
    ],
)
def test_encodings(make_world: Make, source: str, target: str, expected: list[tuple[str, str]]) -> None:
    options = (f"ENCODING '{source}' LOCALE 'C'", f"ENCODING '{target}' LOCALE 'C'")
    world = make_world(options=options)

    found = [f for f in findings_in(world) if f.code == "encoding"]

    names = {world.target.dbname: "new"}
    assert [(f.severity, names.get(f.place, f.place)) for f in found] == expected


def test_a_block_refuses_the_copy_before_rows_are_looked_at(make_world: Make) -> None:
    world = make_world(options=("ENCODING 'SQL_ASCII' LOCALE 'C'", "ENCODING 'UTF8' LOCALE 'C'"))

    with pytest.raises(FindingsError) as caught:
        world.copy()

    assert caught.value.message == "1 finding blocks the copy; nothing was changed"
    assert caught.value.details[0].startswith("encoding old: SQL_ASCII")
    assert value(world.target, "SELECT to_regclass('payrollx_meta.runs')") is None


def test_another_default_collation_is_told_once(make_world: Make, server: TestServer) -> None:
    other = value(server.url, "SELECT max(collname) FROM pg_collation WHERE collname IN ('C.utf8', 'C.UTF-8')")
    if other is None:
        pytest.skip("this server has no second locale")
    world = make_world(options=("ENCODING 'UTF8' LOCALE 'C'", f"ENCODING 'UTF8' LOCALE '{other}'"))

    found = one_finding(findings_in(world), "collation", "warn")

    assert (found.place, found.count) == ("old", 1)
    assert "libc C here, by libc C.utf8 in the unified database" in found.message


def test_a_columns_own_collation(make_world: Make, server: TestServer) -> None:
    other = value(server.url, "SELECT max(collname) FROM pg_collation WHERE collname IN ('C.utf8', 'pg_c_utf8')")
    if other is None:
        pytest.skip("this server has no second collation")
    world = make_world(
        source='id integer PRIMARY KEY, name text COLLATE "C"',
        target=f'id integer PRIMARY KEY, name text COLLATE "{other}"',
        options=("ENCODING 'UTF8' LOCALE 'C'",) * 2,
    )

    assert notable(findings_in(world)) == [("collation", "warn", "old.public.things.name")]


def test_a_unique_that_finds_more_equal_than_bytes_do(make_world: Make, server: TestServer) -> None:
    if not has_icu(server):
        pytest.skip("this server was built without ICU")
    ignoring = "CREATE COLLATION public.ignoring (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    kind = "id integer PRIMARY KEY, name text COLLATE public.ignoring"
    world = make_world(source=kind, target=f"{kind} UNIQUE", before=ignoring)
    query(world.urls["old"], "INSERT INTO things VALUES (1, 'Anna'), (2, 'ANNA'), (3, 'Otto')")

    found = asyncio.run(pipeline.check(world.task()))

    duplicate = one_finding(list(found), "duplicate", "block")
    assert (duplicate.place, duplicate.count) == ("old.public.things.name", 1)  # one is too many


def test_a_collation_that_has_moved_on(make_world: Make, server: TestServer) -> None:
    version = value(server.url, "SELECT current_setting('server_version_num')::int")
    icu = version >= 150000 and has_icu(server)
    if version < 170000 and not icu:
        pytest.skip("this server's collations have no version")
    provider = "icu ICU_LOCALE 'und'" if icu else "builtin BUILTIN_LOCALE 'C.UTF-8'"
    world = make_world(options=(f"ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER {provider}",) * 2)
    assert notable(findings_in(world)) == []

    query(server.url, "UPDATE pg_database SET datcollversion = '0' WHERE datname = %s", (world.urls["old"].dbname,))

    found = one_finding(findings_in(world), "collation", "warn")
    assert found.place == "old"
    assert found.message.startswith("made with collation version 0, and the system has")


# -- rights --------------------------------------------------------------------------------------------


def test_a_source_role_that_may_not_read(tiny: World, role: str) -> None:
    world = replace(tiny, urls={"old": login(tiny.urls["old"], role)})

    found = one_finding(findings_in(world), "privilege", "block")
    assert (found.place, found.count, found.examples) == ("old.public.things", 2, ("id", "name"))

    query(tiny.urls["old"], f'GRANT SELECT (id) ON things TO "{role}"')
    assert one_finding(findings_in(world), "privilege", "block").examples == ("name",)

    query(tiny.urls["old"], f'GRANT SELECT (name) ON things TO "{role}"')
    assert notable(findings_in(world)) == [("long-transaction", "info", "old")]  # which it may not see


def test_a_source_role_that_may_not_enter_the_schema(tiny: World, role: str) -> None:
    query(tiny.urls["old"], "REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    query(tiny.urls["old"], f'GRANT SELECT ON things TO "{role}"')
    query(tiny.target, "ALTER TABLE shop.things ALTER id ADD GENERATED BY DEFAULT AS IDENTITY")  # which goes on there

    found = one_finding(findings_in(replace(tiny, urls={"old": login(tiny.urls["old"], role)})), "privilege", "block")

    assert (found.place, found.message) == ("old.public.things", "no USAGE on its schema: grant it")


def test_a_source_role_from_which_rows_are_hidden(tiny: World, role: str) -> None:
    query(tiny.urls["old"], "ALTER TABLE things ENABLE ROW LEVEL SECURITY")
    query(tiny.urls["old"], f'GRANT SELECT ON things TO "{role}"')
    assert notable(findings_in(tiny)) == []  # a superuser sees them all

    found = one_finding(findings_in(replace(tiny, urls={"old": login(tiny.urls["old"], role)})), "privilege", "block")

    assert "row-level security hides rows" in found.message
    with pytest.raises(FindingsError, match="blocks the copy"):
        replace(tiny, urls={"old": login(tiny.urls["old"], role)}).copy()


def test_a_target_role_without_rights(tiny: World, role: str) -> None:
    name, named = tiny.target.dbname, f'"{tiny.target.dbname}"'
    query(tiny.target, f"REVOKE ALL ON DATABASE {named} FROM PUBLIC")
    query(tiny.target, f'GRANT CONNECT ON DATABASE {named} TO "{role}"')
    world = replace(tiny, target=login(tiny.target, role))

    places = [(f.place, f.message.partition(":")[0]) for f in findings_in(world) if f.code == "privilege"]
    assert places == [
        (f"{name}.shop.things", "no USAGE on its schema"),
        (name, "no TEMP on the database, where references are checked"),
        (name, "no CREATE on the database, where the run makes its schema payrollx_meta"),
        (f"{name}.shop.things", "its indexes and keys are for its owner to drop and build"),
    ]
    with pytest.raises(TargetError) as refused:
        world.copy()
    assert "CREATE on the database" in refused.value.hint

    query(tiny.target, f'GRANT CREATE, TEMP ON DATABASE {named} TO "{role}"')
    query(tiny.target, f'GRANT USAGE ON SCHEMA shop TO "{role}"')
    query(tiny.target, f'ALTER TABLE shop.things OWNER TO "{role}"')
    query(tiny.target, "CREATE SCHEMA payrollx_meta")
    with pytest.raises(TargetError, match=r"can't read the state tables: permission denied .*for schema payrollx_meta"):
        findings_in(world)

    query(tiny.target, f'GRANT USAGE ON SCHEMA payrollx_meta TO "{role}"')
    places = [(f.place, f.message.partition(",")[0]) for f in findings_in(world) if f.code == "privilege"]
    assert places == [
        (f"{name}.payrollx_meta", "no USAGE and CREATE on it: grant both"),
        (f"{name}.shop", "no CREATE on it"),
    ]

    query(tiny.target, f'GRANT ALL ON SCHEMA shop, payrollx_meta TO "{role}"')
    assert notable(findings_in(world)) == []
    assert all(table.balanced for table in world.copy().tables)


def test_a_role_that_sees_only_itself(tiny: World, role: str) -> None:
    query(tiny.urls["old"], f'GRANT SELECT ON things TO "{role}"')
    world = replace(tiny, urls={"old": login(tiny.urls["old"], role)}, target=tiny.target)

    told = [f.message for f in findings_in(world) if f.severity == "info"]

    assert any("grant it pg_read_all_stats" in text for text in told)
    assert any("a role with REPLICATION" in text for text in told)
