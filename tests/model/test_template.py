"""Templates: what a tenant's place is called, the catalog and layout of some tenants, and the tables that all share."""

from dataclasses import replace

import pytest
from sqlalchemy import Column, ForeignKey, Index, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from payrollx_db.errors import CatalogError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.instances import instance, legacy_layout, missing_of, without_missing
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap, TenantLayout
from payrollx_db.model.shared import shared_metadata
from payrollx_db.model.template import Shape, Template, Tenant, TenantRegistry


def models() -> MetaData:
    metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s"})
    Table("tenants", metadata, Column("id", Text, primary_key=True), schema="registry")
    Table(
        "members", metadata, Column("id", Text, primary_key=True), Column("email", Text, unique=True),
        schema="tenant",
    )  # fmt: skip
    notes = Table(
        "notes", metadata, Column("id", Text, primary_key=True),
        Column("member_id", Text, ForeignKey("tenant.members.id", ondelete="SET NULL")), Column("text", Text),
        UniqueConstraint("member_id", "text", name="uq_notes_member_id_text"), schema="tenant",
    )  # fmt: skip
    Index("ix_notes_text", notes.c.text, postgresql_where=notes.c.text.is_not(None))
    return metadata


def catalog(shape: Shape) -> Catalog:
    template = Template(
        Service("tenant", "tenant", "some_tenant"), shape, TenantRegistry("registry.tenants"), setting="some.tenant"
    )
    return Catalog.of("some", models(), [Service("registry", "registry", "some_registry")], template=template)


MAPS = (
    TableMap(SourceTable("Member", {"id": "text", "email": "text?"}), "tenant.members"),
    TableMap(SourceTable("Note", {"id": "text", "memberId": "text?", "text": "text?"}), "tenant.notes"),
)
LAYOUT = Layout(
    "legacy",
    (LegacyDatabase("some_registry", "REGISTRY", "registry", ()),),
    tenants=TenantLayout(
        "some_registry", "SELECT 1", LegacyDatabase("template", "T", "tenant", MAPS),
        {"Note": frozenset({"memberId"})},
    ),
)  # fmt: skip


@pytest.mark.parametrize("tenant", ["A b", "Ünal", "x" * 90, "a;drop", "a.b", "café"])
def test_a_place_is_a_plain_name_whatever_the_id(tenant: str) -> None:
    template = catalog("schemas").template
    assert template is not None
    place = template.place_of(tenant)
    assert place.startswith("tenant_")
    assert len(place.encode()) <= 63
    assert place.replace("_", "").isalnum()
    assert place.isascii()


def test_ids_that_read_alike_have_places_of_their_own() -> None:
    template = catalog("schemas").template
    assert template is not None
    assert len({template.place_of(tenant) for tenant in ("a-b", "a_b", "a b", "A_b", "a.b")}) == 5


@pytest.mark.parametrize("tenant", ["", " a", "a\n", "a\x00", "x" * 201])
def test_what_is_no_id_is_refused(tenant: str) -> None:
    template = catalog("schemas").template
    assert template is not None
    with pytest.raises(CatalogError, match="can't be the id"):
        template.place_of(tenant)


def test_each_tenant_is_a_service_with_the_references_inside_it() -> None:
    made = instance(catalog("schemas"), ["a1", "b2"])
    assert [service.schema for service in made.services] == ["registry", "tenant_a1", "tenant_b2"]
    assert [str(reference) for reference in made.references] == [
        "tenant_a1.notes.member_id -> tenant_a1.members.id", "tenant_b2.notes.member_id -> tenant_b2.members.id",
    ]  # fmt: skip


def test_each_tenant_has_an_entry_of_the_layout() -> None:
    layout = legacy_layout(catalog("schemas"), LAYOUT, [Tenant("a1"), Tenant("b2", database="church b")])
    assert [(entry.name, entry.usual_database) for entry in layout.databases] == [
        ("tenant_a1", "tenant_a1"), ("tenant_b2", "church b"),
    ]  # fmt: skip
    assert [m.target for m in layout.databases[1].maps] == ["tenant_b2.members", "tenant_b2.notes"]
    assert not layout.databases[1].maps[0].scope


def test_tenants_that_share_tables_are_told_apart_by_their_scope() -> None:
    layout = legacy_layout(catalog("shared"), LAYOUT, [Tenant("a1"), Tenant("b2")])
    maps = [entry.maps[0] for entry in layout.databases]
    assert [m.target for m in maps] == ["tenant.members", "tenant.members"]
    assert [dict(m.scope) for m in maps] == [{"tenant_id": "a1"}, {"tenant_id": "b2"}]


def test_an_older_database_lacks_what_is_known_and_nothing_else() -> None:
    known = LAYOUT.tenants
    assert known is not None
    there = {"Member": ["id"], "Note": ["id", "text"]}
    assert missing_of(known, there) == ("Note.memberId",)
    members, notes = without_missing(known.database, known, there).maps
    assert "email" in members.source.columns  # that it is missing is the plan's to say
    assert "memberId" not in notes.source.columns
    assert notes.new == ("member_id",)


def test_a_table_that_older_databases_lack_is_left_out() -> None:
    known = LAYOUT.tenants
    assert known is not None
    known = replace(known, older={"Note": frozenset()})
    assert [m.source.name for m in without_missing(known.database, known, {"Member": ["id"]}).maps] == ["Member"]
    with_columns = replace(known, older={"Note": frozenset({"memberId"})})
    maps = without_missing(known.database, with_columns, {"Member": ["id"]}).maps
    assert [m.source.name for m in maps] == ["Member", "Note"]


def test_shared_tables_have_the_tenant_in_all_that_tells_rows_apart() -> None:
    made = catalog("shared")
    assert made.template is not None
    shared = shared_metadata(made.models, made.template)
    statement = str(CreateTable(shared.tables["tenant.notes"]).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert "tenant_id TEXT DEFAULT current_setting('some.tenant') NOT NULL" in statement
    assert "PRIMARY KEY (tenant_id, id)" in statement
    assert "UNIQUE (tenant_id, member_id, text)" in statement
    assert "REFERENCES tenant.members (tenant_id, id) ON DELETE SET NULL (member_id)" in statement
    assert "REFERENCES registry.tenants (id) ON DELETE CASCADE" in statement
    (index,) = shared.tables["tenant.notes"].indexes
    assert [column.name for column in index.columns] == ["tenant_id", "text"]
    assert index.dialect_options["postgresql"]["where"] is not None
    assert list(shared.tables["registry.tenants"].columns.keys()) == ["id"]
