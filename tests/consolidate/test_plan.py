"""The plan: every way in which the layout and the databases can disagree, and how it looks."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from foreign_catalogs import LAYOUT as BAZAAR
from worlds import World, query, value

from payrollx_db.errors import CatalogError
from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.model.layout import Discard, DuplicateTable, Layout, LegacyDatabase, Lookup, SourceTable, TableMap
from payrollx_db.postgres.pooled import AsyncConnection

OLD = {"id": "integer", "someName": "text", "extra": "text?"}
TABLE = SourceTable("people", OLD)
MAP = TableMap(TABLE, "new.people")
NEW = Catalog("new", (Service("new", schema="new", role="new_new", tables=("people",)),))
SOURCE = """
CREATE TABLE people (id integer PRIMARY KEY, "someName" text NOT NULL, extra text);
CREATE TABLE towns (name text, mayor text)
"""
TARGET = "CREATE SCHEMA new; CREATE TABLE new.people (id integer PRIMARY KEY, some_name text NOT NULL, extra text)"
TOWNS = Discard("towns", "nobody lives there")


@pytest.fixture(scope="module")
def template(server: Any, migrated_template: str) -> Iterator[World]:
    names = [f"{migrated_template}_plan_{side}" for side in ("old", "new")]
    source, target = (server.create_database(name) for name in names)
    query(source, SOURCE)
    query(target, TARGET)
    layout = Layout("small", (LegacyDatabase("old", "OLD", "new", (MAP,), discards=(TOWNS,)),))
    yield World({"old": source}, target, layout, NEW)
    for name in names:
        server.drop_database(name)


@pytest.fixture
def small(server: Any, template: World) -> Iterator[World]:
    names = [f"{template.target.dbname}_{side}" for side in ("a", "b")]
    source = server.create_database(names[0], template.urls["old"].dbname)
    target = server.create_database(names[1], template.target.dbname)
    yield replace(template, urls={"old": source}, target=target)
    for name in names:
        server.drop_database(name)


def mapped(world: World, **changes: Any) -> World:
    """The world with another map of its one table."""
    old = world.layout.database("old")
    return replace(world, layout=replace(world.layout, databases=(replace(old, maps=(replace(MAP, **changes),)),)))


def told(world: World) -> set[tuple[str, str]]:
    return {(m.code, m.place) for m in world.plan().mismatches}


def test_a_plan_that_fits(template: World) -> None:
    assert told(template) == set()


@pytest.mark.parametrize(
    ("statement", "code", "place"),
    [
        ("CREATE TABLE more (a int)", "unmapped", "old.public.more"),
        ("CREATE SCHEMA side; CREATE TABLE side.people (id int)", "unmapped", "old.side.people"),
        ("ALTER TABLE people ADD b int", "unmapped", "old.public.people.b"),
        ("DROP TABLE people", "missing", "old.public.people"),
        ("ALTER TABLE people ALTER id TYPE smallint", "type", "old.public.people.id"),
        ('ALTER TABLE people ALTER "someName" DROP NOT NULL', "type", "old.public.people.someName"),
        ("ALTER TABLE people ALTER extra SET NOT NULL", "type", "old.public.people.extra"),
        ("CREATE SEQUENCE tickets", "leftover", "old.public.tickets"),
        ("SELECT lo_from_bytea(0, 'x')", "leftover", "old.pg_largeobject"),
    ],
)
def test_a_source_that_is_not_as_the_layout_says(small: World, statement: str, code: str, place: str) -> None:
    query(small.urls["old"], statement)

    assert (code, place) in told(small)
    assert len(told(small)) == 1


def test_what_is_discarded_by_name_is_accounted_for(small: World) -> None:
    query(small.urls["old"], "CREATE SEQUENCE tickets; CREATE SCHEMA side; CREATE TABLE side.x (a int)")
    query(small.urls["old"], "ALTER TABLE people ADD b int")
    old = small.layout.database("old")
    others = (Discard(name, "why not") for name in ("public.tickets", "side.x"))
    discards = (TOWNS, *others, Discard("people", "old", "b"))
    world = replace(small, layout=replace(small.layout, databases=(replace(old, discards=discards),)))

    assert told(world) == set()
    assert {d["source"] for d in world.plan().document()["discarded"]} == {
        "old.towns", "old.public.tickets", "old.side.x", "old.people.b",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rename": {"extra": "nowhere"}}, {("missing", "new.people.nowhere"), ("unmapped", "old.public.people.extra"),
                                            ("unfilled", "new.people.extra")}),
        ({"derive": {"nowhere": "1"}}, {("missing", "new.people.nowhere")}),
        ({"derive": {"some_name": "'x'"}}, {("ambiguous", "old.public.people.someName"),
                                            ("unmapped", "old.public.people.someName")}),
        ({"new": ("nowhere",)}, {("missing", "new.people.nowhere")}),
        ({"lookups": {"t": Lookup("towns", {"name": "extra"})}}, {("not-unique", "old.public.towns")}),
        ({"lookups": {"t": Lookup("gone", {"name": "extra"})}}, {("missing", "old.public.gone")}),
    ],
    ids=["renamed to nowhere", "derived to nowhere", "filled twice", "new nowhere", "lookup not unique", "lookup gone"],
)  # fmt: skip
def test_a_map_that_does_not_fit(template: World, changes: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    assert told(mapped(template, **changes)) == expected


@pytest.mark.parametrize(
    ("statement", "changes", "code", "place"),
    [
        ("ALTER TABLE new.people ADD b int", {}, "unfilled", "new.people.b"),
        ("ALTER TABLE new.people ADD b int NOT NULL", {"new": ("b",)}, "unfilled", "new.people.b"),
        ("ALTER TABLE new.people ALTER extra TYPE integer USING 1", {}, "no-rule", "old.public.people.extra"),
    ],
    ids=["nothing fills it", "new, but demands a value", "no rule"],
)
def test_a_target_that_does_not_fit(
    small: World, statement: str, changes: dict[str, Any], code: str, place: str
) -> None:
    query(small.target, statement)

    assert (code, place) in told(mapped(small, **changes))


def test_the_plan_as_json_and_as_sql(reading_world: World) -> None:
    document = reading_world.answer("plan", "--service", "payroll")
    words = reading_world.command("plan", "--service", "payroll", "--sql")

    assert document["services"] == ["payroll"]
    assert document["unaccounted"] == []
    tables = {(t["target"], t["kind"]): t for t in document["tables"]}
    assert {target for target, kind in tables if kind == "copy"} == {"payroll.payroll_runs", "payroll.payroll_items"}
    items = tables["payroll.payroll_items", "copy"]
    payroll = reading_world.urls["payrollx_payroll"]
    assert len(query(payroll, items["sql"])) == value(payroll, "SELECT count(*) FROM payroll_items") > 0
    assert items["sql"] in words.stdout
    assert {c["target"]: c["sources"] for c in items["columns"]}["tx_signature"] == ["txSignature"]
    assert "payroll.payroll_items.employee_id -> employee.employees.id" in document["waiting"]
    assert words.returncode == 0


def generated(services: int, tables: int) -> tuple[Catalog, Layout]:
    names = [f"s{number:03}" for number in range(services)]
    columns = {"id": "integer", "someName": "text"}
    catalog = Catalog(
        "many",
        tuple(Service(n, schema=n, role=f"many_{n}", tables=tuple(f"t{i}" for i in range(tables))) for n in names),
        tuple(Reference(f"{n}.t0", "id", f"{names[0]}.t0", "id", enforced=False) for n in names[1:]),
    )
    databases = tuple(
        LegacyDatabase(
            f"old_{n}", n.upper(), n, schema=n,
            maps=tuple(TableMap(SourceTable(f"t{i}", columns), f"{n}.t{i}") for i in range(tables)),
            discards=tuple(Discard(f"{o}.t{i}", "another's") for o in names if o != n for i in range(tables)),
        )
        for n in names
    )  # fmt: skip
    return catalog, Layout("many", databases)


@pytest.mark.parametrize(
    ("services", "tables"),
    [pytest.param(30, 4, id="thirty services"), pytest.param(200, 1, id="two hundred tenants", marks=pytest.mark.long)],
)
def test_many_services(small: World, services: int, tables: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing assumes eight: the legacy side is schemas of one database, by one URL a service."""
    catalog, layout = generated(services, tables)
    making = [
        f"CREATE SCHEMA {s.schema};"
        + "".join(f"CREATE TABLE {s.schema}.{t} (id int PRIMARY KEY, {{name}} text NOT NULL);" for t in s.tables)
        for s in catalog.services
    ]
    query(small.urls["old"], "DROP TABLE people, towns")
    for url, name in ((small.urls["old"], '"someName"'), (small.target, "some_name")):
        for start in range(0, len(making), 20):
            query(url, "".join(making[start : start + 20]).format(name=name))
    world = World({db.name: small.urls["old"] for db in layout.databases}, small.target, layout, catalog)
    opened: list[str] = []
    connect = AsyncConnection.connect

    def counting(*arguments: Any, **params: Any) -> Any:
        opened.append(params["dbname"])
        return connect(*arguments, **params)

    monkeypatch.setattr(AsyncConnection, "connect", counting)

    plan = world.plan("s003", "s004")

    assert plan.mismatches == ()
    assert len(plan.copies) == 2 * tables
    assert opened.count(small.urls["old"].dbname) == 1, "only what these two need is read, and their one database once"
    assert len(world.plan(*(s.name for s in catalog.services[:20])).copies) == 20 * tables


# --- layouts and catalogs that contradict themselves --------------------------------------------------------


def layout_of(*databases: LegacyDatabase) -> Layout:
    return Layout("x", databases)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layout_of(LegacyDatabase("a", "A", "s", ()), LegacyDatabase("a", "B", "s", ())), "share the name 'a'"),
        (lambda: layout_of(LegacyDatabase("a", "A", "s", ()), LegacyDatabase("b", "A", "s", ())), "share the variable"),
        (lambda: layout_of(LegacyDatabase("a", "A", "s", (replace(MAP, rename={"x": "y"}),))), "renames 'x'"),
        (lambda: layout_of(LegacyDatabase("a", "A", "s", (replace(MAP, derive={"x": "{y}"}),))), "reads {y}"),
        (lambda: layout_of(LegacyDatabase("a", "A", "s", (replace(MAP, derive={"x": "{t.y}"}),))), "reads {t.y}"),
        (lambda: layout_of(LegacyDatabase("a", "A", "s", (replace(MAP, derive={"x": "{"}),))), "can't be read"),
        (lambda: layout_of(LegacyDatabase("a", "A", "s", (replace(MAP, derive={"x": "{id!r}"}),))), "brace"),
        (lambda: layout_of(LegacyDatabase("a", "A", "s", (), (DuplicateTable(TABLE, "b"),))), "no database 'b'"),
        (lambda: BAZAAR.owner_maps(DuplicateTable(TABLE, "oldcrm")), "owns no table 'people'"),
        (lambda: Catalog("c", (Service("a", "a", "r"), Service("a", "b", "q"))), "share the name 'a'"),
        (lambda: Catalog("c", (Service("a", "a", "r"), Service("b", "a", "q"))), "share the schema 'a'"),
        (lambda: Catalog("c", (Service("a", "a", "r"), Service("b", "b", "r"))), "share the role 'r'"),
        (lambda: Catalog("c", (), (Reference("a.b", "c", "d.e", "f", enforced=True),)), "which no service has"),
        (lambda: NEW.service("old"), "no service 'old'"),
        (lambda: NEW.owner("old.people"), "owns old.people"),
    ],
)  # fmt: skip
def test_contradictions(make: Callable[[], object], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        make()
