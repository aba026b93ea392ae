"""The tables of the service alert, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "alert_0001"
down_revision = None
branch_labels = ("alert",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("alert")
    _services()
    _configurations()
    _integrations()
    _logs()
    _metrics()


def downgrade() -> None:
    foreign_keys.loosen("alert")
    op.drop_table("metrics", schema="alert")
    op.drop_table("logs", schema="alert")
    op.drop_table("integrations", schema="alert")
    op.drop_table("configurations", schema="alert")
    op.drop_table("services", schema="alert")
    ddl.end_service("alert")


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        schema="alert",
    )
    op.create_index(op.f("ix_services_type"), "services", ["type"], schema="alert")
    op.create_index(op.f("ix_services_user_id"), "services", ["user_id"], schema="alert")


def _configurations() -> None:
    op.create_table(
        "configurations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("setting_name", sa.Text(), nullable=False),
        sa.Column("setting_value", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
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
            ["service_id"], ["alert.services.id"], name=op.f("fk_configurations_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configurations")),
        sa.UniqueConstraint("service_id", "setting_name", name=op.f("uq_configurations_service_id_setting_name")),
        schema="alert",
    )
    op.create_index(op.f("ix_configurations_service_id"), "configurations", ["service_id"], schema="alert")


def _integrations() -> None:
    op.create_table(
        "integrations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("api_key", sa.Text(), nullable=True),
        sa.Column("config", postgresql.JSONB(), nullable=True),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("last_used_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
            ["service_id"], ["alert.services.id"], name=op.f("fk_integrations_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations")),
        schema="alert",
    )
    op.create_index(op.f("ix_integrations_provider"), "integrations", ["provider"], schema="alert")
    op.create_index(op.f("ix_integrations_service_id"), "integrations", ["service_id"], schema="alert")


def _logs() -> None:
    op.create_table(
        "logs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("alert_type", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("delivery_status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("read_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "sent_at", postgresql.TIMESTAMP(timezone=True, precision=3), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["alert.services.id"], name=op.f("fk_logs_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs")),
        schema="alert",
    )
    op.create_index(op.f("ix_logs_alert_type"), "logs", ["alert_type"], schema="alert")
    op.create_index(op.f("ix_logs_delivery_status"), "logs", ["delivery_status"], schema="alert")
    op.create_index(op.f("ix_logs_service_id"), "logs", ["service_id"], schema="alert")


def _metrics() -> None:
    op.create_table(
        "metrics",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("alerts_sent", sa.Integer(), nullable=False),
        sa.Column("alerts_failed", sa.Integer(), nullable=False),
        sa.Column("alerts_read", sa.Integer(), nullable=False),
        sa.Column("response_time", sa.Double(), nullable=False),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["alert.services.id"], name=op.f("fk_metrics_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics")),
        schema="alert",
    )
    op.create_index(op.f("ix_metrics_service_id"), "metrics", ["service_id"], schema="alert")
    op.create_index(op.f("ix_metrics_timestamp"), "metrics", ["timestamp"], schema="alert")
