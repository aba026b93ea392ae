"""The tables of the service notification, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "notification_0001"
down_revision = None
branch_labels = ("notification",)
depends_on = None

notification_type = postgresql.ENUM(
    "EMAIL", "SMS", "PUSH", "IN_APP", name="notification_type", schema="notification", create_type=False
)
notification_status = postgresql.ENUM(
    "PENDING",
    "SENT",
    "FAILED",
    "DELIVERED",
    "READ",
    name="notification_status",
    schema="notification",
    create_type=False,
)


def upgrade() -> None:
    ddl.begin_service("notification")
    op.execute(postgresql.CreateEnumType(notification_type))
    op.execute(postgresql.CreateEnumType(notification_status))
    _notification_templates()
    _notifications()


def downgrade() -> None:
    foreign_keys.loosen("notification")
    op.drop_table("notifications", schema="notification")
    op.drop_table("notification_templates", schema="notification")
    op.execute(postgresql.DropEnumType(notification_status))
    op.execute(postgresql.DropEnumType(notification_type))
    ddl.end_service("notification")


def _notification_templates() -> None:
    op.create_table(
        "notification_templates",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", notification_type, server_default="EMAIL", nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_templates")),
        sa.UniqueConstraint("name", name=op.f("uq_notification_templates_name")),
        schema="notification",
    )


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("type", notification_type, server_default="EMAIL", nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column("status", notification_status, server_default="PENDING", nullable=False),
        sa.Column("is_read", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        schema="notification",
    )
    op.create_index(op.f("ix_notifications_status"), "notifications", ["status"], schema="notification")
    op.create_index(op.f("ix_notifications_user_id"), "notifications", ["user_id"], schema="notification")
