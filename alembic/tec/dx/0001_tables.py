"""The tables of the service dx, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "dx_0001"
down_revision = None
branch_labels = ("dx",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("dx")
    _services()
    _configurations()
    _integrations()
    _logs()
    _metrics()


def downgrade() -> None:
    foreign_keys.loosen("dx")
    op.drop_table("metrics", schema="dx")
    op.drop_table("logs", schema="dx")
    op.drop_table("integrations", schema="dx")
    op.drop_table("configurations", schema="dx")
    op.drop_table("services", schema="dx")
    ddl.end_service("dx")


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
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
        schema="dx",
    )
    op.create_index(op.f("ix_services_status"), "services", ["status"], schema="dx")
    op.create_index(op.f("ix_services_type"), "services", ["type"], schema="dx")
    op.create_index(op.f("ix_services_user_id"), "services", ["user_id"], schema="dx")


def _configurations() -> None:
    op.create_table(
        "configurations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("is_secret", sa.Boolean(), server_default=sa.text("false"), nullable=False),
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
            ["service_id"], ["dx.services.id"], name=op.f("fk_configurations_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configurations")),
        sa.UniqueConstraint("service_id", "key", name=op.f("uq_configurations_service_id_key")),
        schema="dx",
    )
    op.create_index(op.f("ix_configurations_service_id"), "configurations", ["service_id"], schema="dx")


def _integrations() -> None:
    op.create_table(
        "integrations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("credentials", postgresql.JSONB(), nullable=True),
        sa.Column("config", postgresql.JSONB(), nullable=True),
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
            ["service_id"], ["dx.services.id"], name=op.f("fk_integrations_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations")),
        schema="dx",
    )
    op.create_index(op.f("ix_integrations_provider"), "integrations", ["provider"], schema="dx")
    op.create_index(op.f("ix_integrations_service_id"), "integrations", ["service_id"], schema="dx")


def _logs() -> None:
    op.create_table(
        "logs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("stack_trace", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["dx.services.id"], name=op.f("fk_logs_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs")),
        schema="dx",
    )
    op.create_index(op.f("ix_logs_level"), "logs", ["level"], schema="dx")
    op.create_index(op.f("ix_logs_service_id"), "logs", ["service_id"], schema="dx")
    op.create_index(op.f("ix_logs_timestamp"), "logs", ["timestamp"], schema="dx")
    op.create_index(op.f("ix_logs_user_id"), "logs", ["user_id"], schema="dx")


def _metrics() -> None:
    op.create_table(
        "metrics",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("metric_name", sa.Text(), nullable=False),
        sa.Column("metric_value", sa.Double(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["service_id"], ["dx.services.id"], name=op.f("fk_metrics_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics")),
        schema="dx",
    )
    op.create_index(op.f("ix_metrics_metric_name"), "metrics", ["metric_name"], schema="dx")
    op.create_index(op.f("ix_metrics_service_id"), "metrics", ["service_id"], schema="dx")
    op.create_index(op.f("ix_metrics_timestamp"), "metrics", ["timestamp"], schema="dx")
