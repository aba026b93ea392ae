"""The eighteen tables, column by column, as the layouts list them."""

import re

import pytest
from sqlalchemy import Boolean, DateTime, Enum, Numeric, Table, Uuid

from payrollx_db.unified import CATALOG, metadata

# A trailing ? means nullable.
TABLES = {
    "auth.users": "id email password first_name last_name role organization_id? created_at updated_at",
    "auth.refresh_tokens": "id token user_id expires_at created_at",
    "auth.audit_logs": ("id user_id? action resource resource_id? details? ip_address? user_agent? created_at"),
    "organization.organizations": (
        "id name description? email? website? address? industry? size? created_by created_at updated_at deleted_at?"
    ),
    "organization.organization_settings": (
        "organization_id config? authorized_signers? onboarding_completed created_at updated_at"
    ),
    "employee.employees": (
        "id organization_id user_id wallet_address? kyc_status kyc_documents? salary? payment_token? "
        "position? department? start_date? end_date? is_active created_at updated_at deleted_at?"
    ),
    "employee.employee_documents": "id employee_id kind storage_uri sha256 uploaded_at verified_at?",
    "wallet.wallets": (
        "id employee_id public_key key_share_ids? provider is_active created_by created_at updated_at deleted_at?"
    ),
    "wallet.wallet_transactions": "id wallet_id direction amount currency signature? occurred_at",
    "payroll.payroll_runs": (
        "id organization_id status scheduled_date period_start? period_end? total_amount currency "
        "created_by processed_at? created_at updated_at deleted_at?"
    ),
    "payroll.payroll_items": (
        "id payroll_run_id employee_id amount currency status tx_signature? retry_count "
        "processed_at? created_at updated_at deleted_at?"
    ),
    "payroll.payroll_schedules": ("id organization_id cron currency is_active next_run_at? created_at updated_at"),
    "transaction.transactions": (
        "id payroll_run_id employee_id wallet_id? type amount currency token_address? signature? "
        "block_hash? status error? notes? created_at updated_at completed_at?"
    ),
    "transaction.transaction_logs": "id transaction_id status message? created_at",
    "notification.notifications": (
        "id user_id type recipient title message template_id? metadata? status is_read error? "
        "created_at updated_at sent_at?"
    ),
    "notification.notification_templates": "id name type title body created_at updated_at",
    "compliance.compliance_reports": (
        "id organization_id? name type? format status start_date end_date filters? data? file_path? error? "
        "created_by generated_at? created_at updated_at"
    ),
    "compliance.audit_logs": ("id user_id? action resource resource_id? details? ip_address? user_agent? created_at"),
}

LABELS = {
    "employee.kyc_status": "PENDING VERIFIED APPROVED REJECTED UNDER_REVIEW",
    "payroll.payroll_status": "DRAFT PENDING PROCESSING COMPLETED FAILED",
    "transaction.transaction_type": "PAYROLL BONUS REFUND ADJUSTMENT",
    "transaction.transaction_status": "PENDING PROCESSING COMPLETED FAILED CANCELLED",
    "notification.notification_type": "EMAIL SMS PUSH IN_APP",
    "notification.notification_status": "PENDING SENT FAILED DELIVERED READ",
    "compliance.report_format": "PDF CSV EXCEL JSON",
    "compliance.report_status": "GENERATING COMPLETED FAILED CANCELLED PENDING",
    "wallet.transaction_direction": "INCOMING OUTGOING",
}

DEFAULTS = {
    "auth.users.role": "EMPLOYEE",
    "organization.organization_settings.onboarding_completed": "false",
    "employee.employees.kyc_status": "PENDING",
    "employee.employees.is_active": "true",
    "wallet.wallets.provider": "mpc",
    "wallet.wallets.is_active": "true",
    "wallet.wallet_transactions.currency": "SOL",
    "payroll.payroll_runs.status": "DRAFT",
    "payroll.payroll_runs.currency": "SOL",
    "payroll.payroll_items.currency": "SOL",
    "payroll.payroll_items.status": "DRAFT",
    "payroll.payroll_items.retry_count": "0",
    "payroll.payroll_schedules.currency": "SOL",
    "payroll.payroll_schedules.is_active": "true",
    "transaction.transactions.type": "PAYROLL",
    "transaction.transactions.currency": "SOL",
    "transaction.transactions.status": "PENDING",
    "notification.notifications.type": "EMAIL",
    "notification.notifications.status": "PENDING",
    "notification.notifications.is_read": "false",
    "notification.notification_templates.type": "EMAIL",
    "compliance.compliance_reports.format": "PDF",
    "compliance.compliance_reports.status": "GENERATING",
}

UNIQUE = {
    "auth.users.email",
    "auth.refresh_tokens.token",
    "organization.organizations.name",
    "employee.employees.user_id",
    "wallet.wallets.employee_id",
    "wallet.wallets.public_key",
    "notification.notification_templates.name",
}

tables = pytest.mark.parametrize("table", metadata.tables.values(), ids=lambda table: table.fullname)


def test_there_are_the_eighteen_tables() -> None:
    assert set(metadata.tables) == set(TABLES)
    assert set(CATALOG.tables()) == set(TABLES)


@tables
def test_a_table_has_its_columns(table: Table) -> None:
    columns = [f"{column.name}{'?' if column.nullable else ''}" for column in table.columns]

    assert columns == TABLES[table.fullname].split()


def test_enums_have_the_labels_of_both_sides_the_legacy_ones_first() -> None:
    found = {
        f"{column.type.schema}.{column.type.name}": " ".join(column.type.enums)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Enum)
    }

    assert found == LABELS


@tables
def test_an_enum_lives_in_its_tables_schema(table: Table) -> None:
    assert all(c.type.schema == table.schema for c in table.columns if isinstance(c.type, Enum))


@tables
def test_types_follow_the_rules(table: Table) -> None:
    for column in table.columns:
        if isinstance(column.type, DateTime):
            assert column.type.timezone, column
        if isinstance(column.type, Numeric):
            assert (column.type.precision, column.type.scale) == (38, 18), column
        if column.name.startswith("is_"):
            assert isinstance(column.type, Boolean), column
        if column.name == "created_by" or (column.primary_key and table.name != "transaction_logs"):
            assert isinstance(column.type, Uuid), column


def test_defaults_are_the_servers() -> None:
    found = {}
    for table in metadata.tables.values():
        for column in table.columns:
            default = getattr(column.server_default, "arg", None)
            text = str(getattr(default, "text", default))
            if column.primary_key:
                continue
            if column.name in {"created_at", "updated_at", "uploaded_at", "occurred_at"}:
                assert text == "now()", column
            elif default is not None:
                found[f"{table.fullname}.{column.name}"] = text

    assert found == DEFAULTS


def test_what_is_unique() -> None:
    found = {
        f"{table.fullname}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.unique
    }

    assert found == UNIQUE


@tables
def test_names_follow_the_convention_and_fit(table: Table) -> None:
    names = [item.name for item in (*table.constraints, *table.indexes)]

    for name in names:
        assert name is not None
        assert re.fullmatch(rf"(pk|fk|uq|ix)_{table.name}(_\w+)?", name)
        assert len(name) < 64


@pytest.mark.parametrize(
    ("table", "column"),
    [("auth.users", "role"), ("auth.users", "created_at"), ("auth.refresh_tokens", "expires_at")]
    + [("transaction.transactions", name) for name in ("type", "status", "created_at")],
)
def test_known_access_paths_are_indexed(table: str, column: str) -> None:
    assert column in {next(iter(index.columns)).name for index in metadata.tables[table].indexes}
