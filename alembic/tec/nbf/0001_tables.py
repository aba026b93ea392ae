"""The tables of the service nbf, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "nbf_0001"
down_revision = None
branch_labels = ("nbf",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("nbf")
    _accounts()
    _portfolios()
    _investments()
    _statements()
    _transactions()


def downgrade() -> None:
    foreign_keys.loosen("nbf")
    op.drop_table("transactions", schema="nbf")
    op.drop_table("statements", schema="nbf")
    op.drop_table("investments", schema="nbf")
    op.drop_table("portfolios", schema="nbf")
    op.drop_table("accounts", schema="nbf")
    ddl.end_service("nbf")


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("account_type", sa.Text(), nullable=False),
        sa.Column("balance", sa.Numeric(precision=38, scale=18), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("account_number", name=op.f("uq_accounts_account_number")),
        schema="nbf",
    )
    op.create_index(op.f("ix_accounts_account_type"), "accounts", ["account_type"], schema="nbf")
    op.create_index(op.f("ix_accounts_user_id"), "accounts", ["user_id"], schema="nbf")


def _portfolios() -> None:
    op.create_table(
        "portfolios",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("portfolio_name", sa.Text(), nullable=False),
        sa.Column("portfolio_type", sa.Text(), nullable=False),
        sa.Column("total_value", sa.Numeric(precision=38, scale=18), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolios")),
        schema="nbf",
    )
    op.create_index(op.f("ix_portfolios_portfolio_type"), "portfolios", ["portfolio_type"], schema="nbf")
    op.create_index(op.f("ix_portfolios_user_id"), "portfolios", ["user_id"], schema="nbf")


def _investments() -> None:
    op.create_table(
        "investments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("portfolio_id", sa.Text(), nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("product_type", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("interest_rate", sa.Double(), nullable=True),
        sa.Column("maturity_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("terms", postgresql.JSONB(), nullable=True),
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
            ["portfolio_id"], ["nbf.portfolios.id"], name=op.f("fk_investments_portfolio_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_investments")),
        schema="nbf",
    )
    op.create_index(op.f("ix_investments_portfolio_id"), "investments", ["portfolio_id"], schema="nbf")
    op.create_index(op.f("ix_investments_product_type"), "investments", ["product_type"], schema="nbf")


def _statements() -> None:
    op.create_table(
        "statements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("period_start", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("period_end", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("opening_balance", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("closing_balance", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("statement_url", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "generated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["nbf.accounts.id"], name=op.f("fk_statements_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        schema="nbf",
    )
    op.create_index(op.f("ix_statements_account_id"), "statements", ["account_id"], schema="nbf")
    op.create_index(op.f("ix_statements_period_start"), "statements", ["period_start"], schema="nbf")


def _transactions() -> None:
    op.create_table(
        "transactions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("investment_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("balance", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "executed_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["investment_id"], ["nbf.investments.id"], name=op.f("fk_transactions_investment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
        schema="nbf",
    )
    op.create_index(op.f("ix_transactions_executed_at"), "transactions", ["executed_at"], schema="nbf")
    op.create_index(op.f("ix_transactions_investment_id"), "transactions", ["investment_id"], schema="nbf")
    op.create_index(op.f("ix_transactions_type"), "transactions", ["type"], schema="nbf")
