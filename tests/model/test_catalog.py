"""Every reference between tables, enforced and loose, as the layouts list them."""

import pytest

from payrollx_db.model.catalog import Reference
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
