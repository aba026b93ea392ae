"""The tables of the service system, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "system_0001"
down_revision = None
branch_labels = ("system",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("system")
    _services()
    _configurations()
    _integrations()
    _logs()
    _metrics()


def downgrade() -> None:
    foreign_keys.loosen("system")
    op.drop_table("metrics", schema="system")
    op.drop_table("logs", schema="system")
    op.drop_table("integrations", schema="system")
    op.drop_table("configurations", schema="system")
    op.drop_table("services", schema="system")
    ddl.end_service("system")


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="RUNNING", nullable=False),
        sa.Column("health_check_url", sa.Text(), nullable=True),
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
        sa.UniqueConstraint("name", name=op.f("uq_services_name")),
        schema="system",
    )
    op.create_index(op.f("ix_services_status"), "services", ["status"], schema="system")
    op.create_index(op.f("ix_services_type"), "services", ["type"], schema="system")


def _configurations() -> None:
    op.create_table(
        "configurations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("value_type", sa.Text(), nullable=False),
        sa.Column("is_encrypted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
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
            ["service_id"], ["system.services.id"], name=op.f("fk_configurations_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configurations")),
        sa.UniqueConstraint("service_id", "key", name=op.f("uq_configurations_service_id_key")),
        schema="system",
    )
    op.create_index(op.f("ix_configurations_service_id"), "configurations", ["service_id"], schema="system")


def _integrations() -> None:
    op.create_table(
        "integrations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=True),
        sa.Column("auth_type", sa.Text(), nullable=True),
        sa.Column("credentials", postgresql.JSONB(), nullable=True),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("last_checked_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
            ["service_id"], ["system.services.id"], name=op.f("fk_integrations_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations")),
        schema="system",
    )
    op.create_index(op.f("ix_integrations_service_id"), "integrations", ["service_id"], schema="system")
    op.create_index(op.f("ix_integrations_type"), "integrations", ["type"], schema="system")


def _logs() -> None:
    op.create_table(
        "logs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stack_trace", sa.Text(), nullable=True),
        sa.Column("context", postgresql.JSONB(), nullable=True),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["system.services.id"], name=op.f("fk_logs_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs")),
        schema="system",
    )
    op.create_index(op.f("ix_logs_level"), "logs", ["level"], schema="system")
    op.create_index(op.f("ix_logs_service_id"), "logs", ["service_id"], schema="system")
    op.create_index(op.f("ix_logs_timestamp"), "logs", ["timestamp"], schema="system")


def _metrics() -> None:
    op.create_table(
        "metrics",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("metric_type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["system.services.id"], name=op.f("fk_metrics_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics")),
        schema="system",
    )
    op.create_index(op.f("ix_metrics_metric_type"), "metrics", ["metric_type"], schema="system")
    op.create_index(op.f("ix_metrics_service_id"), "metrics", ["service_id"], schema="system")
    op.create_index(op.f("ix_metrics_timestamp"), "metrics", ["timestamp"], schema="system")
