"""The tables of the service employee, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "employee_0001"
down_revision = None
branch_labels = ("employee",)
depends_on = None

kyc_status = postgresql.ENUM(
    "PENDING",
    "VERIFIED",
    "APPROVED",
    "REJECTED",
    "UNDER_REVIEW",
    name="kyc_status",
    schema="employee",
    create_type=False,
)


def upgrade() -> None:
    ddl.begin_service("employee")
    op.execute(postgresql.CreateEnumType(kyc_status))
    _employees()
    _employee_documents()


def downgrade() -> None:
    foreign_keys.loosen("employee")
    op.drop_table("employee_documents", schema="employee")
    op.drop_table("employees", schema="employee")
    op.execute(postgresql.DropEnumType(kyc_status))
    ddl.end_service("employee")


def _employees() -> None:
    op.create_table(
        "employees",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("wallet_address", sa.Text(), nullable=True),
        sa.Column("kyc_status", kyc_status, server_default="PENDING", nullable=False),
        sa.Column("kyc_documents", postgresql.JSONB(), nullable=True),
        sa.Column("salary", sa.Numeric(38, 18), nullable=True),
        sa.Column("payment_token", sa.Text(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employees")),
        sa.UniqueConstraint("user_id", name=op.f("uq_employees_user_id")),
        schema="employee",
    )
    op.create_index(op.f("ix_employees_organization_id"), "employees", ["organization_id"], schema="employee")


def _employee_documents() -> None:
    op.create_table(
        "employee_documents",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("storage_uri", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["employee_id"],
            ["employee.employees.id"],
            name=op.f("fk_employee_documents_employee_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employee_documents")),
        schema="employee",
    )
    op.create_index(op.f("ix_employee_documents_employee_id"), "employee_documents", ["employee_id"], schema="employee")
