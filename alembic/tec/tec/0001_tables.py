"""The tables of the service tec, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "tec_0001"
down_revision = None
branch_labels = ("tec",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("tec")
    _dashboards()
    _domains()
    _signals()
    _users()
    _check_ins()
    _integrations()
    _invites()
    _reports()
    _transactions()
    _unlocks()
    _analytics()


def downgrade() -> None:
    foreign_keys.loosen("tec")
    op.drop_table("analytics", schema="tec")
    op.drop_table("unlocks", schema="tec")
    op.drop_table("transactions", schema="tec")
    op.drop_table("reports", schema="tec")
    op.drop_table("invites", schema="tec")
    op.drop_table("integrations", schema="tec")
    op.drop_table("check_ins", schema="tec")
    op.drop_table("users", schema="tec")
    op.drop_table("signals", schema="tec")
    op.drop_table("domains", schema="tec")
    op.drop_table("dashboards", schema="tec")
    ddl.end_service("tec")


def _dashboards() -> None:
    op.create_table(
        "dashboards",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("layout", postgresql.JSONB(), nullable=False),
        sa.Column("domains", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_public", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboards")),
        schema="tec",
    )
    op.create_index(op.f("ix_dashboards_is_default"), "dashboards", ["is_default"], schema="tec")
    op.create_index(op.f("ix_dashboards_user_id"), "dashboards", ["user_id"], schema="tec")


def _domains() -> None:
    op.create_table(
        "domains",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("launched_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domains")),
        sa.UniqueConstraint("name", name=op.f("uq_domains_name")),
        schema="tec",
    )
    op.create_index(op.f("ix_domains_category"), "domains", ["category"], schema="tec")
    op.create_index(op.f("ix_domains_status"), "domains", ["status"], schema="tec")


def _signals() -> None:
    op.create_table(
        "signals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "generated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signals")),
        sa.UniqueConstraint("date", name=op.f("uq_signals_date")),
        schema="tec",
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pi_uid", sa.Text(), nullable=False),
        sa.Column("pi_username", sa.Text(), nullable=False),
        sa.Column("wallet_address", sa.Text(), nullable=True),
        sa.Column("current_streak", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("longest_streak", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_xp", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("level", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("role", sa.Text(), server_default="USER", nullable=False),
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
        sa.Column("last_active_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("pi_uid", name=op.f("uq_users_pi_uid")),
        sa.UniqueConstraint("pi_username", name=op.f("uq_users_pi_username")),
        schema="tec",
    )
    op.create_index(op.f("ix_users_created_at"), "users", ["created_at"], schema="tec")


def _check_ins() -> None:
    op.create_table(
        "check_ins",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("xp_earned", sa.Integer(), nullable=False),
        sa.Column("streak_day", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["user_id"], ["tec.users.id"], name=op.f("fk_check_ins_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_ins")),
        sa.UniqueConstraint("user_id", "date", name=op.f("uq_check_ins_user_id_date")),
        schema="tec",
    )
    op.create_index(op.f("ix_check_ins_date"), "check_ins", ["date"], schema="tec")


def _integrations() -> None:
    op.create_table(
        "integrations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("domain_id", sa.Text(), nullable=False),
        sa.Column("integration_type", sa.Text(), nullable=False),
        sa.Column("target_domain", sa.Text(), nullable=True),
        sa.Column("config", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("last_synced_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
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
            ["domain_id"], ["tec.domains.id"], name=op.f("fk_integrations_domain_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations")),
        schema="tec",
    )
    op.create_index(op.f("ix_integrations_domain_id"), "integrations", ["domain_id"], schema="tec")
    op.create_index(op.f("ix_integrations_integration_type"), "integrations", ["integration_type"], schema="tec")
    op.create_index(op.f("ix_integrations_target_domain"), "integrations", ["target_domain"], schema="tec")


def _invites() -> None:
    op.create_table(
        "invites",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("inviter_id", sa.Text(), nullable=False),
        sa.Column("invitee_id", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("accepted_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.ForeignKeyConstraint(
            ["invitee_id"], ["tec.users.id"], name=op.f("fk_invites_invitee_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["inviter_id"], ["tec.users.id"], name=op.f("fk_invites_inviter_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invites")),
        sa.UniqueConstraint("code", name=op.f("uq_invites_code")),
        sa.UniqueConstraint("invitee_id", name=op.f("uq_invites_invitee_id")),
        schema="tec",
    )
    op.create_index(op.f("ix_invites_inviter_id"), "invites", ["inviter_id"], schema="tec")


def _reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dashboard_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("report_type", sa.Text(), nullable=False),
        sa.Column("domains", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("period", postgresql.JSONB(), nullable=False),
        sa.Column(
            "generated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dashboard_id"], ["tec.dashboards.id"], name=op.f("fk_reports_dashboard_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        schema="tec",
    )
    op.create_index(op.f("ix_reports_dashboard_id"), "reports", ["dashboard_id"], schema="tec")
    op.create_index(op.f("ix_reports_generated_at"), "reports", ["generated_at"], schema="tec")
    op.create_index(op.f("ix_reports_report_type"), "reports", ["report_type"], schema="tec")


def _transactions() -> None:
    op.create_table(
        "transactions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("pi_payment_id", sa.Text(), nullable=False),
        sa.Column("tx_hash", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=7), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("item_id", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
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
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["tec.users.id"], name=op.f("fk_transactions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
        sa.UniqueConstraint("pi_payment_id", name=op.f("uq_transactions_pi_payment_id")),
        schema="tec",
    )
    op.create_index(op.f("ix_transactions_created_at"), "transactions", ["created_at"], schema="tec")
    op.create_index(op.f("ix_transactions_status"), "transactions", ["status"], schema="tec")
    op.create_index(op.f("ix_transactions_user_id"), "transactions", ["user_id"], schema="tec")


def _unlocks() -> None:
    op.create_table(
        "unlocks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("feature_key", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=True),
        sa.Column(
            "unlocked_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["tec.users.id"], name=op.f("fk_unlocks_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unlocks")),
        sa.UniqueConstraint("user_id", "feature_key", name=op.f("uq_unlocks_user_id_feature_key")),
        schema="tec",
    )
    op.create_index(op.f("ix_unlocks_feature_key"), "unlocks", ["feature_key"], schema="tec")
    op.create_index(op.f("ix_unlocks_transaction_id"), "unlocks", ["transaction_id"], schema="tec")


def _analytics() -> None:
    op.create_table(
        "analytics",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("dimensions", postgresql.JSONB(), nullable=True),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["tec.reports.id"], name=op.f("fk_analytics_report_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics")),
        schema="tec",
    )
    op.create_index(op.f("ix_analytics_domain"), "analytics", ["domain"], schema="tec")
    op.create_index(op.f("ix_analytics_metric"), "analytics", ["metric"], schema="tec")
    op.create_index(op.f("ix_analytics_report_id"), "analytics", ["report_id"], schema="tec")
    op.create_index(op.f("ix_analytics_timestamp"), "analytics", ["timestamp"], schema="tec")
