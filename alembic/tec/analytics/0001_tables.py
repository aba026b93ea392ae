"""The tables of the service analytics, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "analytics_0001"
down_revision = None
branch_labels = ("analytics",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("analytics")
    _services()
    _configurations()
    _integrations()
    _logs()
    _metrics()


def downgrade() -> None:
    foreign_keys.loosen("analytics")
    op.drop_table("metrics", schema="analytics")
    op.drop_table("logs", schema="analytics")
    op.drop_table("integrations", schema="analytics")
    op.drop_table("configurations", schema="analytics")
    op.drop_table("services", schema="analytics")
    ddl.end_service("analytics")


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
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
        schema="analytics",
    )
    op.create_index(op.f("ix_services_type"), "services", ["type"], schema="analytics")
    op.create_index(op.f("ix_services_user_id"), "services", ["user_id"], schema="analytics")


def _configurations() -> None:
    op.create_table(
        "configurations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("setting_key", sa.Text(), nullable=False),
        sa.Column("setting_value", sa.Text(), nullable=False),
        sa.Column("data_type", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
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
            ["service_id"], ["analytics.services.id"], name=op.f("fk_configurations_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configurations")),
        sa.UniqueConstraint("service_id", "setting_key", name=op.f("uq_configurations_service_id_setting_key")),
        schema="analytics",
    )
    op.create_index(op.f("ix_configurations_service_id"), "configurations", ["service_id"], schema="analytics")


def _integrations() -> None:
    op.create_table(
        "integrations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("credentials", postgresql.JSONB(), nullable=True),
        sa.Column("mapping", postgresql.JSONB(), nullable=True),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("last_synced_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
            ["service_id"], ["analytics.services.id"], name=op.f("fk_integrations_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations")),
        schema="analytics",
    )
    op.create_index(op.f("ix_integrations_service_id"), "integrations", ["service_id"], schema="analytics")
    op.create_index(op.f("ix_integrations_source"), "integrations", ["source"], schema="analytics")


def _logs() -> None:
    op.create_table(
        "logs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_name", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("properties", postgresql.JSONB(), nullable=True),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["analytics.services.id"], name=op.f("fk_logs_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs")),
        schema="analytics",
    )
    op.create_index(op.f("ix_logs_event_type"), "logs", ["event_type"], schema="analytics")
    op.create_index(op.f("ix_logs_service_id"), "logs", ["service_id"], schema="analytics")
    op.create_index(op.f("ix_logs_timestamp"), "logs", ["timestamp"], schema="analytics")
    op.create_index(op.f("ix_logs_user_id"), "logs", ["user_id"], schema="analytics")


def _metrics() -> None:
    op.create_table(
        "metrics",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("dimensions", postgresql.JSONB(), nullable=True),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["analytics.services.id"], name=op.f("fk_metrics_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics")),
        schema="analytics",
    )
    op.create_index(op.f("ix_metrics_category"), "metrics", ["category"], schema="analytics")
    op.create_index(op.f("ix_metrics_service_id"), "metrics", ["service_id"], schema="analytics")
    op.create_index(op.f("ix_metrics_timestamp"), "metrics", ["timestamp"], schema="analytics")
