"""The catalog of Koinonia holds what was found of it, table by table, in both shapes."""

import subprocess
import sys

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint
from system_facts import FoundTable, found

from payrollx_db.catalogs import registry
from payrollx_db.catalogs.koinonia import shared, unified
from payrollx_db.catalogs.koinonia.legacy import LAYOUT, SHARED
from payrollx_db.model.layout import snake_case

RULES = {"cascade": "CASCADE", "restrict": "RESTRICT", "set_null": "SET NULL"}
FOUND = found("koinonia")
TABLES = [pytest.param(table, id=table.unified) for table in FOUND]
OF_TENANTS = [table.unified.partition(".")[2] for table in FOUND if table.unified.startswith("tenant.")]

# What the unified database has beyond the old ones, and what may be missing there: an empty text was no JSON, and a
# tenant whose schema is here has no database of its own.
ADDED = {"registry.tenants": {"schema"}}
LOOSENED = {
    "registry.tenants": {"database_url", "database_host", "database_name"},
    "tenant.messages": {"target_ids"}, "tenant.recurring_messages": {"target_ids"},
    "tenant.agent_audits": {"findings", "recommendations"}, "tenant.admin_mfa": {"backup_codes_used"},
}  # fmt: skip
RENAMED = {"tenant.mfa_recovery_codes": {"index": "position"}}
SECRETS = {
    "registry.tenants": {"database_url"}, "tenant.admins": {"password_hash", "invitation_token"},
    "tenant.admin_mfa": {"totp_secret", "backup_codes_used"}, "tenant.mfa_recovery_codes": {"code"},
    "tenant.planning_center_integrations": {"access_token", "refresh_token"},
    "tenant.account_deletion_requests": {"confirmation_token"},
}  # fmt: skip


def name_in(table: FoundTable, column: str) -> str:
    return RENAMED.get(table.unified, {}).get(column, snake_case(column))


def uniques(model: Table) -> set[tuple[str, ...]]:
    return {tuple(c.columns.keys()) for c in model.constraints if isinstance(c, UniqueConstraint)}


def keys(model: Table) -> set[tuple[tuple[str, ...], tuple[str, ...], str | None]]:
    return {
        (tuple(key.column_keys), tuple(e.target_fullname for e in key.elements), key.ondelete)
        for key in model.constraints
        if isinstance(key, ForeignKeyConstraint)
    }


def leads(model: Table, column: str) -> bool:
    """Tell whether an index, a unique or the primary key of a table begins with a column."""
    beginnings = [list(index.columns.keys()) for index in model.indexes]
    beginnings += [list(c.columns.keys()) for c in model.constraints if isinstance(c, UniqueConstraint)]
    beginnings.append(list(model.primary_key.columns.keys()))
    return any(names[0] == column for names in beginnings)


def test_there_are_as_many_tables_as_were_found() -> None:
    assert len(OF_TENANTS) == 25
    assert len(list(unified.CATALOG.tables())) == 4
    assert unified.CATALOG.template is not None
    assert sorted(unified.CATALOG.template.service.tables) == sorted(OF_TENANTS)
    assert len(list(shared.CATALOG.tables())) == 29


@pytest.mark.parametrize("table", TABLES)
def test_the_layout_knows_the_table_as_it_was_found(table: FoundTable) -> None:
    for layout in (LAYOUT, SHARED):
        assert layout.tenants is not None
        databases = (*layout.databases, layout.tenants.database)
        (database, known), *others = (
            (database, known) for database in databases for known in database.maps if known.target == table.unified
        )
        assert others == []
        assert (database.usual_database, known.source.name) == (table.database, table.name)
        left = {d.column for d in database.discards if d.table == table.name and d.column}
        assert left == ({"databaseUrl"} if table.name == "Tenant" else set())
        assert dict(known.source.columns) == {n: c.type for n, c in table.columns.items() if n not in left}


@pytest.mark.parametrize("table", TABLES)
def test_the_model_has_the_columns_uniques_and_keys_that_were_found(table: FoundTable) -> None:
    model = unified.metadata.tables[table.unified]
    added = ADDED.get(table.unified, set())
    assert {column.name for column in model.columns} - added == {name_in(table, name) for name in table.columns}
    nullable = {name_in(table, name) for name, column in table.columns.items() if column.type.endswith("?")}
    assert {c.name for c in model.columns if c.nullable} - added == nullable | LOOSENED.get(table.unified, set())
    single = {(name_in(table, name),) for name, column in table.columns.items() if column.unique}
    assert uniques(model) == single | {tuple(name_in(table, name) for name in several) for several in table.uniques}
    assert all(leads(model, name_in(table, name)) for name, column in table.columns.items() if column.indexed)
    others = {found_table.name: found_table.unified for found_table in FOUND}
    assert keys(model) == {
        ((name_in(table, name),), (f"{others[parent.partition('.')[0]]}.id",), RULES[rule])
        for name, column in table.columns.items()
        if column.points_at
        for parent, _, rule in [column.points_at.partition("/")]
    }


@pytest.mark.parametrize("name", OF_TENANTS)
def test_tenants_that_share_a_table_are_told_apart_by_its_keys(name: str) -> None:
    own, common = unified.metadata.tables[f"tenant.{name}"], shared.metadata.tables[f"tenant.{name}"]
    assert common.columns.keys() == ["tenant_id", *own.columns.keys()]
    assert common.primary_key.columns.keys() == ["tenant_id", "id"]
    assert uniques(common) == {("tenant_id", *unique) for unique in uniques(own)}
    of_tenant = (("tenant_id",), ("registry.tenants.id",), "CASCADE")
    inside = keys(common) - {of_tenant}
    assert of_tenant in keys(common)
    assert {(columns[1:], targets[1:]) for columns, targets, _ in inside} == {key[:2] for key in keys(own)}
    assert all(columns[0] == "tenant_id" and targets[0].endswith(".tenant_id") for columns, targets, _ in inside)
    assert all(index.columns.keys()[0] == "tenant_id" for index in common.indexes)


def test_no_index_repeats_what_another_one_begins_with() -> None:
    for model in (*unified.metadata.tables.values(), *shared.metadata.tables.values()):
        beginnings = [tuple(index.columns.keys()) for index in model.indexes] + sorted(uniques(model))
        for names in beginnings:
            longer = [other for other in beginnings if other is not names and other[: len(names)] == names]
            assert longer == [], f"{model.fullname}: {names}"


def test_a_loose_reference_of_shared_tables_stays_with_its_tenant() -> None:
    loose = {str(r) for r in shared.CATALOG.references if not r.enforced}
    assert "tenant.consent_logs.(tenant_id, member_id) ~> tenant.members.(tenant_id, id)" in loose
    assert all("tenant_id" in text for text in loose)
    assert "registry.admin_email_index.(tenant_id, admin_id) ~> tenant.admins.(tenant_id, id)" in loose


def test_what_is_secret_is_marked() -> None:
    for catalog in (unified.CATALOG, shared.CATALOG):
        assert {table: set(columns) for table, columns in catalog.secrets.items()} == SECRETS


def test_both_shapes_are_built_in() -> None:
    assert registry.find("koinonia") == unified.CATALOG
    assert registry.find("koinonia-shared") == shared.CATALOG
    assert registry.layout(shared.CATALOG, "legacy") is SHARED


def test_the_tenants_models_are_imported_without_the_machinery() -> None:
    program = "import sys, payrollx_db.catalogs.koinonia.tenant; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=600)
    loaded = set(done.stdout.split())
    assert not {
        name for name in loaded if name.startswith(("alembic", "payrollx_db.consolidate", "payrollx_db.schema"))
    }
    ours = {name.rpartition("koinonia.")[2] for name in loaded if ".catalogs.koinonia." in name}
    assert not ours & {"registry", "unified", "shared", "legacy"}
