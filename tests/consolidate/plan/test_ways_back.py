"""The way back of each legacy table: what its rows are made of again, and what is listed as having none."""

from dataclasses import replace

import pytest
from worlds import World

from payrollx_db.catalogs.payrollx.legacy import AUTH, LAYOUT
from payrollx_db.consolidate.plan.inverse.findings import findings_of
from payrollx_db.consolidate.plan.inverse.ways import WayBack, ways_back
from payrollx_db.errors import CatalogError
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap


def ways_of(world: World) -> dict[str, WayBack]:
    return {way.place: way for way in ways_back(world.plan())}


def test_every_table_of_payrollx_has_a_way_back_that_fills_every_column(reading_world: World) -> None:
    ways = ways_of(reading_world)
    assert len(ways) == 18
    assert {place: (way.obstacles, way.kept) for place, way in ways.items() if way.obstacles or way.kept} == {}
    assert {way.key for way in ways.values()} == {("id",)}


def test_two_tables_are_joined_into_the_one_that_they_came_of(reading_world: World) -> None:
    way = ways_of(reading_world)["payrollx_org.public.organizations"]
    assert [(read.table.full_name, read.on) for read in way.reads] == [
        ("organization.organizations", ()),
        ("organization.organization_settings", (("organization_id", "id"),)),
    ]
    made_of = {column.column.name: column.reads for column in way.columns}
    assert made_of["config"] == (("s1", "config"),)
    assert made_of["createdAt"] == (("s", "created_at"),)


def test_what_no_legacy_table_holds_is_listed(reading_world: World) -> None:
    plan = reading_world.plan()
    findings = list(findings_of(plan, ways_back(plan)))
    assert not [finding for finding in findings if finding.blocks]
    homeless = {
        (f.place.partition(".")[2], f.severity): f.examples for f in findings if f.code == "no-home" and f.examples
    }
    assert homeless["employee.employees", "warn"] == ("position", "department", "start_date", "end_date")
    assert homeless["employee.employees", "info"] == ("is_active",)
    assert homeless["organization.organization_settings", "info"] == ("created_at", "updated_at")
    tables = {f.place.partition(".")[2] for f in findings if f.code == "no-home" and not f.examples}
    assert {"employee.employee_documents", "payroll.payroll_schedules"} <= tables
    stuck = {f.place: f.message for f in findings if f.code == "may-stick"}
    assert "UNDER_REVIEW" in stuck["payrollx_employee.public.employees.kycStatus"]
    assert "PENDING" in stuck["payrollx_compliance.public.compliance_reports.status"]


def test_a_column_whose_only_home_is_derived_needs_an_inverse(reading_world: World) -> None:
    logs = replace(AUTH.maps[2], inverse={})
    auth = replace(AUTH, maps=(*AUTH.maps[:2], logs))
    reading_world.layout = replace(LAYOUT, databases=(auth, *LAYOUT.databases[1:]))
    way = ways_of(reading_world)["payrollx_auth.public.audit_logs"]
    assert way.kept == ("details",)


def test_an_inverse_that_reads_what_is_not_there_stops_the_plan(reading_world: World) -> None:
    logs = replace(AUTH.maps[2], inverse={"details": "{detail}"})
    auth = replace(AUTH, maps=(*AUTH.maps[:2], logs))
    reading_world.layout = replace(LAYOUT, databases=(auth, *LAYOUT.databases[1:]))
    mismatches = [(m.code, m.place) for m in reading_world.plan().mismatches]
    assert mismatches == [("missing", "auth.audit_logs.detail")]


THINGS = SourceTable("things", {"id": "text", "a": "text"})


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        ((TableMap(THINGS, "x.things", inverse={"b": "{a}"}),), "has an inverse for 'b'"),
        ((TableMap(THINGS, "x.things", inverse={"a": "{a"}),), "can't be read"),
        ((TableMap(THINGS, "x.things", inverse={"a": "{others.a}"}),), "no such target"),
        (
            (
                TableMap(THINGS, "x.things", inverse={"a": "{a}"}),
                TableMap(THINGS, "x.others", inverse={"a": "{a}"}),
            ),
            "and so has another map",
        ),
    ],
)
def test_an_inverse_is_checked_as_the_layout_is_made(maps: tuple[TableMap, ...], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Layout("x", (LegacyDatabase("old", variable="OLD", service="x", maps=maps),))


def test_an_inverse_may_read_the_other_target_with_its_schema_or_without() -> None:
    for name in ("others", "x.others"):
        maps = (TableMap(THINGS, "x.things", inverse={"a": f"{{{name}.a}}"}), TableMap(THINGS, "x.others"))
        layout = Layout("x", (LegacyDatabase("old", variable="OLD", service="x", maps=maps),))
        assert layout.databases[0].maps[0].inverse == {"a": f"{{{name}.a}}"}
