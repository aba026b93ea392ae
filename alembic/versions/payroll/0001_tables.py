"""The tables of the service payroll, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "payroll_0001"
down_revision = None
branch_labels = ("payroll",)
depends_on = None

payroll_status = postgresql.ENUM(
    "DRAFT",
    "PENDING",
    "PROCESSING",
    "COMPLETED",
    "FAILED",
    name="payroll_status",
    schema="payroll",
    create_type=False,
)


def upgrade() -> None:
    ddl.begin_service("payroll")
    op.execute(postgresql.CreateEnumType(payroll_status))
    _payroll_runs()
    _payroll_schedules()
    _payroll_items()


def downgrade() -> None:
    foreign_keys.loosen("payroll")
    op.drop_table("payroll_items", schema="payroll")
    op.drop_table("payroll_schedules", schema="payroll")
    op.drop_table("payroll_runs", schema="payroll")
    op.execute(postgresql.DropEnumType(payroll_status))
    ddl.end_service("payroll")


def _payroll_runs() -> None:
    op.create_table(
        "payroll_runs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("status", payroll_status, server_default="DRAFT", nullable=False),
        sa.Column("scheduled_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("total_amount", sa.Numeric(38, 18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="SOL", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payroll_runs")),
        schema="payroll",
    )
    op.create_index(op.f("ix_payroll_runs_created_by"), "payroll_runs", ["created_by"], schema="payroll")
    op.create_index(op.f("ix_payroll_runs_organization_id"), "payroll_runs", ["organization_id"], schema="payroll")
    op.create_index(op.f("ix_payroll_runs_status"), "payroll_runs", ["status"], schema="payroll")


def _payroll_schedules() -> None:
    op.create_table(
        "payroll_schedules",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), server_default="SOL", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payroll_schedules")),
        schema="payroll",
    )
    op.create_index(op.f("ix_payroll_schedules_next_run_at"), "payroll_schedules", ["next_run_at"], schema="payroll")
    op.create_index(
        op.f("ix_payroll_schedules_organization_id"),
        "payroll_schedules",
        ["organization_id"],
        schema="payroll",
    )


def _payroll_items() -> None:
    op.create_table(
        "payroll_items",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("payroll_run_id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(38, 18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="SOL", nullable=False),
        sa.Column("status", payroll_status, server_default="DRAFT", nullable=False),
        sa.Column("tx_signature", sa.Text(), nullable=True),
        sa.Column("retry_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["payroll_run_id"],
            ["payroll.payroll_runs.id"],
            name=op.f("fk_payroll_items_payroll_run_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payroll_items")),
        schema="payroll",
    )
    op.create_index(op.f("ix_payroll_items_employee_id"), "payroll_items", ["employee_id"], schema="payroll")
    op.create_index(op.f("ix_payroll_items_payroll_run_id"), "payroll_items", ["payroll_run_id"], schema="payroll")
    op.create_index(op.f("ix_payroll_items_status"), "payroll_items", ["status"], schema="payroll")
