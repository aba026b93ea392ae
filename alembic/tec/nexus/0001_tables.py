"""The tables of the service nexus, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "nexus_0001"
down_revision = None
branch_labels = ("nexus",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("nexus")
    _services()
    _configurations()
    _integrations()
    _logs()
    _metrics()


def downgrade() -> None:
    foreign_keys.loosen("nexus")
    op.drop_table("metrics", schema="nexus")
    op.drop_table("logs", schema="nexus")
    op.drop_table("integrations", schema="nexus")
    op.drop_table("configurations", schema="nexus")
    op.drop_table("services", schema="nexus")
    ddl.end_service("nexus")


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
        schema="nexus",
    )
    op.create_index(op.f("ix_services_type"), "services", ["type"], schema="nexus")
    op.create_index(op.f("ix_services_user_id"), "services", ["user_id"], schema="nexus")


def _configurations() -> None:
    op.create_table(
        "configurations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("data_type", sa.Text(), nullable=False),
        sa.Column("is_encrypted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
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
            ["service_id"], ["nexus.services.id"], name=op.f("fk_configurations_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configurations")),
        sa.UniqueConstraint("service_id", "key", name=op.f("uq_configurations_service_id_key")),
        schema="nexus",
    )
    op.create_index(op.f("ix_configurations_service_id"), "configurations", ["service_id"], schema="nexus")


def _integrations() -> None:
    op.create_table(
        "integrations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=False),
        sa.Column("target_system", sa.Text(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("transform", postgresql.JSONB(), nullable=True),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("last_executed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
            ["service_id"], ["nexus.services.id"], name=op.f("fk_integrations_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations")),
        schema="nexus",
    )
    op.create_index(op.f("ix_integrations_service_id"), "integrations", ["service_id"], schema="nexus")
    op.create_index(op.f("ix_integrations_source_system"), "integrations", ["source_system"], schema="nexus")
    op.create_index(op.f("ix_integrations_target_system"), "integrations", ["target_system"], schema="nexus")


def _logs() -> None:
    op.create_table(
        "logs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["nexus.services.id"], name=op.f("fk_logs_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs")),
        schema="nexus",
    )
    op.create_index(op.f("ix_logs_level"), "logs", ["level"], schema="nexus")
    op.create_index(op.f("ix_logs_service_id"), "logs", ["service_id"], schema="nexus")
    op.create_index(op.f("ix_logs_timestamp"), "logs", ["timestamp"], schema="nexus")


def _metrics() -> None:
    op.create_table(
        "metrics",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("metric_type", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["nexus.services.id"], name=op.f("fk_metrics_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics")),
        schema="nexus",
    )
    op.create_index(op.f("ix_metrics_metric_type"), "metrics", ["metric_type"], schema="nexus")
    op.create_index(op.f("ix_metrics_service_id"), "metrics", ["service_id"], schema="nexus")
    op.create_index(op.f("ix_metrics_timestamp"), "metrics", ["timestamp"], schema="nexus")
