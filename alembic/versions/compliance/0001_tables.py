"""The tables of the service compliance, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "compliance_0001"
down_revision = None
branch_labels = ("compliance",)
depends_on = None

report_format = postgresql.ENUM(
    "PDF", "CSV", "EXCEL", "JSON", name="report_format", schema="compliance", create_type=False
)
report_status = postgresql.ENUM(
    "GENERATING",
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "PENDING",
    name="report_status",
    schema="compliance",
    create_type=False,
)


def upgrade() -> None:
    ddl.begin_service("compliance")
    op.execute(postgresql.CreateEnumType(report_format))
    op.execute(postgresql.CreateEnumType(report_status))
    _audit_logs()
    _compliance_reports()


def downgrade() -> None:
    foreign_keys.loosen("compliance")
    op.drop_table("compliance_reports", schema="compliance")
    op.drop_table("audit_logs", schema="compliance")
    op.execute(postgresql.DropEnumType(report_status))
    op.execute(postgresql.DropEnumType(report_format))
    ddl.end_service("compliance")


def _audit_logs() -> None:
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(), nullable=True),
        sa.Column("ip_address", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_logs")),
        schema="compliance",
    )
    op.create_index(op.f("ix_audit_logs_created_at"), "audit_logs", ["created_at"], schema="compliance")
    op.create_index(op.f("ix_audit_logs_user_id"), "audit_logs", ["user_id"], schema="compliance")


def _compliance_reports() -> None:
    op.create_table(
        "compliance_reports",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("format", report_format, server_default="PDF", nullable=False),
        sa.Column("status", report_status, server_default="GENERATING", nullable=False),
        sa.Column("start_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filters", postgresql.JSONB(), nullable=True),
        sa.Column("data", postgresql.JSONB(), nullable=True),
        sa.Column("file_path", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("generated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compliance_reports")),
        schema="compliance",
    )
    op.create_index(op.f("ix_compliance_reports_created_by"), "compliance_reports", ["created_by"], schema="compliance")
    op.create_index(
        op.f("ix_compliance_reports_organization_id"),
        "compliance_reports",
        ["organization_id"],
        schema="compliance",
    )
    op.create_index(op.f("ix_compliance_reports_status"), "compliance_reports", ["status"], schema="compliance")
