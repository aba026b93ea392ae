"""The catalogs of Azora and TEC hold what was found of these systems, table by table."""

import subprocess
import sys

import pytest
from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from system_facts import FoundTable, found

from payrollx_db.catalogs import registry
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.layout import snake_case

RULES = {"cascade": "CASCADE", "restrict": "RESTRICT", "set_null": "SET NULL"}
TABLES = [pytest.param(system, table, id=table.unified) for system in ("azora", "tec") for table in found(system)]
COUNTS = {"azora": (9, 45), "tec": (25, 142)}
# Passwords, tokens and keys; a setting's value, since some of them are.
SECRETS = {
    "azora": {
        "auth.users": {"password"}, "auth.sessions": {"token"}, "auth.tokens": {"token"},
        "auth.mfa_settings": {"secret", "backup_codes"},
    },
    "tec": {
        "alert.integrations": {"api_key"}, "analytics.integrations": {"credentials"},
        "dx.integrations": {"credentials"}, "dx.configurations": {"value"}, "system.integrations": {"credentials"},
        "system.configurations": {"value"}, "titan.licenses": {"license_key"}, "zone.licenses": {"license_key"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogs() -> dict[str, Catalog]:
    return {system: registry.find(system) for system in COUNTS}


@pytest.mark.parametrize("system", COUNTS)
def test_a_system_has_as_many_services_and_tables_as_were_found(system: str, catalogs: dict[str, Catalog]) -> None:
    services, tables = COUNTS[system]
    catalog = catalogs[system]
    assert len(catalog.services) == services
    assert sorted(catalog.tables()) == sorted(table.unified for table in found(system))
    assert len(list(catalog.tables())) == tables


@pytest.mark.parametrize(("system", "table"), TABLES)
def test_the_layout_knows_the_table_as_it_was_found(
    system: str, table: FoundTable, catalogs: dict[str, Catalog]
) -> None:
    layout = registry.layout(catalogs[system], "legacy")
    (database, known), *others = (
        (database, known) for database in layout.databases for known in database.maps if known.target == table.unified
    )
    assert others == []
    assert (database.usual_database, known.source.name) == (table.database, table.name)
    assert dict(known.source.columns) == {name: column.type for name, column in table.columns.items()}


@pytest.mark.parametrize(("system", "table"), TABLES)
def test_the_model_has_the_columns_uniques_and_keys_that_were_found(
    system: str, table: FoundTable, catalogs: dict[str, Catalog]
) -> None:
    model = catalogs[system].models.tables[table.unified]
    known = {snake_case(name) for name in table.columns}
    added = {"deleted_at", "last_used_at"} - known  # what the unified database has beyond the old ones
    assert {column.name for column in model.columns} - added == known
    nullable = {snake_case(name) for name, column in table.columns.items() if column.type.endswith("?")}
    assert {column.name for column in model.columns if column.nullable} - added == nullable
    uniques = {tuple(c.columns.keys()) for c in model.constraints if isinstance(c, UniqueConstraint)}
    single = {(snake_case(name),) for name, column in table.columns.items() if column.unique}
    assert uniques == single | {tuple(map(snake_case, several)) for several in table.uniques}
    indexed = {column.name for index in model.indexes for column in index.columns}
    assert {snake_case(name) for name, column in table.columns.items() if column.indexed} <= indexed
    inside = {
        (key.column_keys[0], key.elements[0].column.name, key.ondelete)
        for key in model.constraints
        if isinstance(key, ForeignKeyConstraint) and key.referred_table.schema == model.schema
    }
    assert inside == {
        (snake_case(name), snake_case(goal.partition("/")[0].partition(".")[2]), RULES[goal.partition("/")[2]])
        for name, column in table.columns.items()
        if (goal := column.points_at)
    }


@pytest.mark.parametrize("system", COUNTS)
def test_passwords_tokens_and_keys_are_marked_secret(system: str, catalogs: dict[str, Catalog]) -> None:
    assert {table: set(columns) for table, columns in catalogs[system].secrets.items()} == SECRETS[system]


@pytest.mark.parametrize(("system", "service"), [("tec", "life"), ("azora", "nexus")])
def test_a_service_is_imported_without_any_other(system: str, service: str) -> None:
    program = f"import sys, payrollx_db.catalogs.{system}.{service}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=600)
    loaded = {name.rpartition(".")[2] for name in done.stdout.split() if f".catalogs.{system}." in name}
    assert loaded == {"base", service}
