"""The tables of the service wallet, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "wallet_0001"
down_revision = None
branch_labels = ("wallet",)
depends_on = None

transaction_direction = postgresql.ENUM(
    "INCOMING", "OUTGOING", name="transaction_direction", schema="wallet", create_type=False
)


def upgrade() -> None:
    ddl.begin_service("wallet")
    op.execute(postgresql.CreateEnumType(transaction_direction))
    _wallets()
    _wallet_transactions()


def downgrade() -> None:
    foreign_keys.loosen("wallet")
    op.drop_table("wallet_transactions", schema="wallet")
    op.drop_table("wallets", schema="wallet")
    op.execute(postgresql.DropEnumType(transaction_direction))
    ddl.end_service("wallet")


def _wallets() -> None:
    op.create_table(
        "wallets",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("key_share_ids", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("provider", sa.Text(), server_default="mpc", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallets")),
        sa.UniqueConstraint("employee_id", name=op.f("uq_wallets_employee_id")),
        sa.UniqueConstraint("public_key", name=op.f("uq_wallets_public_key")),
        schema="wallet",
    )
    op.create_index(op.f("ix_wallets_created_by"), "wallets", ["created_by"], schema="wallet")


def _wallet_transactions() -> None:
    op.create_table(
        "wallet_transactions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("direction", transaction_direction, nullable=False),
        sa.Column("amount", sa.Numeric(38, 18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="SOL", nullable=False),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["wallet_id"],
            ["wallet.wallets.id"],
            name=op.f("fk_wallet_transactions_wallet_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_transactions")),
        schema="wallet",
    )
    op.create_index(op.f("ix_wallet_transactions_wallet_id"), "wallet_transactions", ["wallet_id"], schema="wallet")
