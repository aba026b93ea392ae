"""The tables of the service transaction, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "transaction_0001"
down_revision = None
branch_labels = ("transaction",)
depends_on = None

transaction_type = postgresql.ENUM(
    "PAYROLL",
    "BONUS",
    "REFUND",
    "ADJUSTMENT",
    name="transaction_type",
    schema="transaction",
    create_type=False,
)
transaction_status = postgresql.ENUM(
    "PENDING",
    "PROCESSING",
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    name="transaction_status",
    schema="transaction",
    create_type=False,
)


def upgrade() -> None:
    ddl.begin_service("transaction")
    op.execute(postgresql.CreateEnumType(transaction_type))
    op.execute(postgresql.CreateEnumType(transaction_status))
    _transactions()
    _transaction_logs()


def downgrade() -> None:
    foreign_keys.loosen("transaction")
    op.drop_table("transaction_logs", schema="transaction")
    op.drop_table("transactions", schema="transaction")
    op.execute(postgresql.DropEnumType(transaction_status))
    op.execute(postgresql.DropEnumType(transaction_type))
    ddl.end_service("transaction")


def _transactions() -> None:
    op.create_table(
        "transactions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("payroll_run_id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=True),
        sa.Column("type", transaction_type, server_default="PAYROLL", nullable=False),
        sa.Column("amount", sa.Numeric(38, 18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="SOL", nullable=False),
        sa.Column("token_address", sa.Text(), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("block_hash", sa.Text(), nullable=True),
        sa.Column("status", transaction_status, server_default="PENDING", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
        schema="transaction",
    )
    op.create_index(op.f("ix_transactions_created_at"), "transactions", ["created_at"], schema="transaction")
    op.create_index(op.f("ix_transactions_employee_id"), "transactions", ["employee_id"], schema="transaction")
    op.create_index(op.f("ix_transactions_payroll_run_id"), "transactions", ["payroll_run_id"], schema="transaction")
    op.create_index(op.f("ix_transactions_status"), "transactions", ["status"], schema="transaction")
    op.create_index(op.f("ix_transactions_type"), "transactions", ["type"], schema="transaction")
    op.create_index(op.f("ix_transactions_wallet_id"), "transactions", ["wallet_id"], schema="transaction")


def _transaction_logs() -> None:
    op.create_table(
        "transaction_logs",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("status", transaction_status, nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["transaction.transactions.id"],
            name=op.f("fk_transaction_logs_transaction_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transaction_logs")),
        schema="transaction",
    )
    op.create_index(
        op.f("ix_transaction_logs_transaction_id"),
        "transaction_logs",
        ["transaction_id"],
        schema="transaction",
    )
