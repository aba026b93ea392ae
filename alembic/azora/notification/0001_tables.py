"""The tables of the service notification, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "notification_0001"
down_revision = None
branch_labels = ("notification",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("notification")
    _notifications()


def downgrade() -> None:
    foreign_keys.loosen("notification")
    op.drop_table("notifications", schema="notification")
    ddl.end_service("notification")


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), server_default="info", nullable=False),
        sa.Column("is_read", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("read_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        schema="notification",
    )
    op.create_index(op.f("ix_notifications_is_read"), "notifications", ["is_read"], schema="notification")
    op.create_index(op.f("ix_notifications_user_id"), "notifications", ["user_id"], schema="notification")
