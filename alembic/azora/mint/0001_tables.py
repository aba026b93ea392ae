"""The tables of the service mint, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "mint_0001"
down_revision = None
branch_labels = ("mint",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("mint")
    _economic_metrics()
    _wallets()
    _mining_records()
    _stakes()
    _transactions()


def downgrade() -> None:
    foreign_keys.loosen("mint")
    op.drop_table("transactions", schema="mint")
    op.drop_table("stakes", schema="mint")
    op.drop_table("mining_records", schema="mint")
    op.drop_table("wallets", schema="mint")
    op.drop_table("economic_metrics", schema="mint")
    ddl.end_service("mint")


def _economic_metrics() -> None:
    op.create_table(
        "economic_metrics",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("total_supply", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("circulating_supply", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("total_staked", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("total_minted", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("active_wallets", sa.Integer(), nullable=False),
        sa.Column("daily_volume", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column(
            "recorded_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_economic_metrics")),
        schema="mint",
    )
    op.create_index(op.f("ix_economic_metrics_recorded_at"), "economic_metrics", ["recorded_at"], schema="mint")


def _wallets() -> None:
    op.create_table(
        "wallets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("balance", sa.Numeric(precision=18, scale=8), server_default=sa.text("0"), nullable=False),
        sa.Column("staked", sa.Numeric(precision=18, scale=8), server_default=sa.text("0"), nullable=False),
        sa.Column("earned", sa.Numeric(precision=18, scale=8), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallets")),
        sa.UniqueConstraint("address", name=op.f("uq_wallets_address")),
        sa.UniqueConstraint("user_id", name=op.f("uq_wallets_user_id")),
        schema="mint",
    )


def _mining_records() -> None:
    op.create_table(
        "mining_records",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("wallet_id", sa.Text(), nullable=False),
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("activity_type", sa.Text(), nullable=False),
        sa.Column("tokens_earned", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("difficulty", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "mined_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["mint.wallets.id"], name=op.f("fk_mining_records_wallet_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mining_records")),
        schema="mint",
    )
    op.create_index(op.f("ix_mining_records_activity_type"), "mining_records", ["activity_type"], schema="mint")
    op.create_index(op.f("ix_mining_records_mined_at"), "mining_records", ["mined_at"], schema="mint")
    op.create_index(op.f("ix_mining_records_wallet_id"), "mining_records", ["wallet_id"], schema="mint")


def _stakes() -> None:
    op.create_table(
        "stakes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("wallet_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column(
            "start_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("end_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("reward_rate", sa.Numeric(precision=5, scale=4), server_default=sa.text("0.05"), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["mint.wallets.id"], name=op.f("fk_stakes_wallet_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stakes")),
        schema="mint",
    )
    op.create_index(op.f("ix_stakes_status"), "stakes", ["status"], schema="mint")
    op.create_index(op.f("ix_stakes_wallet_id"), "stakes", ["wallet_id"], schema="mint")


def _transactions() -> None:
    op.create_table(
        "transactions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("from_id", sa.Text(), nullable=True),
        sa.Column("to_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="completed", nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["from_id"], ["mint.wallets.id"], name=op.f("fk_transactions_from_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["to_id"], ["mint.wallets.id"], name=op.f("fk_transactions_to_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
        schema="mint",
    )
    op.create_index(op.f("ix_transactions_created_at"), "transactions", ["created_at"], schema="mint")
    op.create_index(op.f("ix_transactions_from_id"), "transactions", ["from_id"], schema="mint")
    op.create_index(op.f("ix_transactions_to_id"), "transactions", ["to_id"], schema="mint")
    op.create_index(op.f("ix_transactions_type"), "transactions", ["type"], schema="mint")
