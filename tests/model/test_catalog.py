"""Every reference between tables, enforced and loose, as the layouts list them."""

import pytest
from sqlalchemy import Column, ForeignKeyConstraint, Integer, MetaData, Table, Text

from payrollx_db.errors import CatalogError
from payrollx_db.model.catalog import Catalog, Reference, Service, loose_reference
from payrollx_db.unified import CATALOG, metadata

WITHIN = {
    "auth.audit_logs.user_id": "auth.users.id",
    "auth.refresh_tokens.user_id": "auth.users.id",
    "employee.employee_documents.employee_id": "employee.employees.id",
    "organization.organization_settings.organization_id": "organization.organizations.id",
    "payroll.payroll_items.payroll_run_id": "payroll.payroll_runs.id",
    "transaction.transaction_logs.transaction_id": "transaction.transactions.id",
    "wallet.wallet_transactions.wallet_id": "wallet.wallets.id",
}
ENFORCED = {
    "employee.employees.organization_id": "organization.organizations.id",
    "employee.employees.user_id": "auth.users.id",
    "payroll.payroll_items.employee_id": "employee.employees.id",
    "transaction.transactions.employee_id": "employee.employees.id",
    "transaction.transactions.wallet_id": "wallet.wallets.id",
    "wallet.wallets.employee_id": "employee.employees.id",
}
LOOSE = {
    "auth.users.organization_id": "organization.organizations.id",
    "compliance.audit_logs.user_id": "auth.users.id",
    "compliance.compliance_reports.created_by": "auth.users.id",
    "compliance.compliance_reports.organization_id": "organization.organizations.id",
    "notification.notifications.user_id": "auth.users.id",
    "organization.organizations.created_by": "auth.users.id",
    "payroll.payroll_runs.created_by": "auth.users.id",
    "payroll.payroll_runs.organization_id": "organization.organizations.id",
    "payroll.payroll_schedules.organization_id": "organization.organizations.id",
    "transaction.transactions.payroll_run_id": "payroll.payroll_runs.id",
    "wallet.wallets.created_by": "auth.users.id",
}
ON_DELETE = {
    "auth.audit_logs.user_id": "SET NULL",
    "auth.refresh_tokens.user_id": "CASCADE",
    "employee.employee_documents.employee_id": "CASCADE",
    "organization.organization_settings.organization_id": "CASCADE",
    "transaction.transaction_logs.transaction_id": "CASCADE",
    "wallet.wallet_transactions.wallet_id": "CASCADE",
}


def ends(references: list[Reference]) -> dict[str, str]:
    return {f"{r.table}.{r.columns[0]}": f"{r.target_table}.{r.target_columns[0]}" for r in references}


def test_the_references_that_stay_within_a_service() -> None:
    assert ends([r for r in CATALOG.references if not CATALOG.crosses(r)]) == WITHIN


def test_the_references_between_services_that_are_enforced() -> None:
    assert ends([r for r in CATALOG.references if CATALOG.crosses(r) and r.enforced]) == ENFORCED


def test_the_loose_references() -> None:
    assert ends([r for r in CATALOG.references if not r.enforced]) == LOOSE


def test_what_a_delete_does() -> None:
    keys = [key for table in metadata.tables.values() for key in table.foreign_keys]

    assert {f"{key.parent.table.fullname}.{key.parent.name}": key.ondelete for key in keys} == {
        column: ON_DELETE.get(column, "RESTRICT") for column in WITHIN | ENFORCED
    }


@pytest.mark.parametrize("reference", CATALOG.references, ids=str)
def test_both_ends_have_the_same_type(reference: Reference) -> None:
    there = metadata.tables[reference.table].columns[reference.columns[0]]
    target = metadata.tables[reference.target_table].columns[reference.target_columns[0]]

    assert str(there.type) == str(target.type)


@pytest.mark.parametrize("reference", CATALOG.references, ids=str)
def test_the_referencing_column_leads_an_index(reference: Reference) -> None:
    table = metadata.tables[reference.table]
    leading = {next(iter(index.columns)).name for index in table.indexes}
    leading |= {
        next(iter(constraint.columns)).name
        for constraint in table.constraints
        if constraint.__visit_name__ in {"primary_key_constraint", "unique_constraint"}
    }

    assert reference.columns[0] in leading


def test_services_can_be_migrated_in_an_order() -> None:
    needs = {service.name: set[str]() for service in CATALOG.services}
    for reference in CATALOG.references:
        if reference.enforced and CATALOG.crosses(reference):
            needs[CATALOG.owner(reference.table).name].add(CATALOG.owner(reference.target_table).name)

    while needs:
        ready = {name for name, needed in needs.items() if not needed}
        assert ready, f"these need each other: {needs}"
        needs = {name: needed - ready for name, needed in needs.items() if name not in ready}


# -- references of several columns ---------------------------------------------------------------------

PAIR = (("flag", "number"), "registry.ships", ("flag", "number"))
TWO = (Service("registry", "registry", "r", ("ships",)), Service("port", "port", "p", ("calls",)))


def test_a_reference_is_of_one_column_or_of_several() -> None:
    one = Reference("port.calls", "ship", "registry.ships", "id", enforced=False)
    two = Reference("port.calls", *PAIR, enforced=True)

    assert (one.columns, one.target_columns) == (("ship",), ("id",))
    assert str(one) == "port.calls.ship ~> registry.ships.id"
    assert str(two) == "port.calls.(flag, number) -> registry.ships.(flag, number)"
    assert Catalog("harbour", TWO, (two,)).crosses(two)


@pytest.mark.parametrize("columns", [("flag",), (), ("flag", "number", "year")])
def test_a_reference_whose_ends_do_not_pair_up_is_refused(columns: tuple[str, ...]) -> None:
    with pytest.raises(CatalogError, match=f"has {len(columns)} columns for 2"):
        Reference("port.calls", columns, "registry.ships", ("flag", "number"), enforced=True)


def test_a_composite_foreign_key_is_one_reference_and_so_are_loose_columns_together() -> None:
    models = MetaData()
    Table("ships", models, Column("flag", Text, primary_key=True), Column("number", Integer, primary_key=True),
          schema="registry")  # fmt: skip
    Table(
        "calls",
        models,
        Column("id", Integer, primary_key=True),
        Column("flag", Text),
        Column("number", Integer),
        Column("old_flag", Text, info=loose_reference("registry.ships.flag", together="old")),
        Column("old_number", Integer, info=loose_reference("registry.ships.number", together="old")),
        Column("before", Integer, info=loose_reference("port.calls.id")),
        ForeignKeyConstraint(["flag", "number"], ["registry.ships.flag", "registry.ships.number"]),
        schema="port",
    )

    assert [str(reference) for reference in Catalog.of("harbour", models, TWO).references] == [
        "port.calls.before ~> port.calls.id",
        "port.calls.(flag, number) -> registry.ships.(flag, number)",
        "port.calls.(old_flag, old_number) ~> registry.ships.(flag, number)",
    ]


def test_columns_together_must_point_at_one_table() -> None:
    models = MetaData()
    columns = [Column(n, Text, info=loose_reference(f"port.{n}.id", together="x")) for n in ("here", "there")]
    Table("calls", models, *columns, schema="port")

    with pytest.raises(CatalogError, match=r"points at several tables: port\.here, port\.there"):
        Catalog.of("harbour", models, TWO)


def test_a_schema_with_a_dot_in_its_name_is_refused() -> None:
    with pytest.raises(CatalogError, match=r"'a\.b' of harbour has a dot"):
        Catalog("harbour", (Service("a", "a.b", "r"),))
