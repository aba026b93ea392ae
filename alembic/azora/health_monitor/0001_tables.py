"""The tables of the service health_monitor, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "health_monitor_0001"
down_revision = None
branch_labels = ("health_monitor",)
depends_on = None

log_level = postgresql.ENUM(
    "DEBUG",
    "INFO",
    "WARN",
    "ERROR",
    "FATAL",
    name="log_level",
    schema="health_monitor",
    create_type=False,
)


def upgrade() -> None:
    ddl.begin_service("health_monitor")
    op.execute(postgresql.CreateEnumType(log_level))
    _constitutional_logs()
    _logs()


def downgrade() -> None:
    foreign_keys.loosen("health_monitor")
    op.drop_table("logs", schema="health_monitor")
    op.drop_table("constitutional_logs", schema="health_monitor")
    op.execute(postgresql.DropEnumType(log_level))
    ddl.end_service("health_monitor")


def _constitutional_logs() -> None:
    op.create_table(
        "constitutional_logs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_constitutional_logs")),
        schema="health_monitor",
    )
    op.create_index(
        op.f("ix_constitutional_logs_created_at"), "constitutional_logs", ["created_at"], schema="health_monitor"
    )
    op.create_index(op.f("ix_constitutional_logs_user_id"), "constitutional_logs", ["user_id"], schema="health_monitor")


def _logs() -> None:
    op.create_table(
        "logs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("level", log_level, nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs")),
        schema="health_monitor",
    )
    op.create_index(op.f("ix_logs_created_at"), "logs", ["created_at"], schema="health_monitor")
    op.create_index(op.f("ix_logs_level"), "logs", ["level"], schema="health_monitor")
    op.create_index(op.f("ix_logs_service"), "logs", ["service"], schema="health_monitor")
