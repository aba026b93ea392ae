"""The tables of what a church sends: the same for each tenant."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl

revision = "tenant_0002"
down_revision = "tenant_0001"
branch_labels = None
depends_on = None

TABLES = (  # parents first
    "dead_letter_queue",
    "message_queue",
    "message_templates",
    "messages",
    "recurring_messages",
    "message_recipients",
)


def upgrade() -> None:
    schema = ddl.schema_of("tenant")
    _dead_letter_queue(schema)
    _message_queue(schema)
    _message_templates(schema)
    _messages(schema)
    _recurring_messages(schema)
    _message_recipients(schema)


def downgrade() -> None:
    schema = ddl.schema_of("tenant")
    for table in reversed(TABLES):
        op.drop_table(table, schema=schema)


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True, precision=3), nullable=nullable)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, postgresql.TIMESTAMP(timezone=True, precision=3), server_default=sa.text("now()"), nullable=False
    )


def _dead_letter_queue(schema: str) -> None:
    op.create_table(
        "dead_letter_queue",
        _text("id", nullable=False),
        _text("category", nullable=False),
        _text("external_id"),
        sa.Column("original_payload", postgresql.JSONB(), nullable=False),
        _text("error_message", nullable=False),
        _text("error_stack"),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("retry_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _now("first_attempt_at"),
        _now("last_attempt_at"),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letter_queue")),
        schema=schema,
    )
    op.create_index(op.f("ix_dead_letter_queue_category"), "dead_letter_queue", ["category"], schema=schema)
    op.create_index(op.f("ix_dead_letter_queue_created_at"), "dead_letter_queue", ["created_at"], schema=schema)
    op.create_index(op.f("ix_dead_letter_queue_external_id"), "dead_letter_queue", ["external_id"], schema=schema)
    op.create_index(op.f("ix_dead_letter_queue_retry_count"), "dead_letter_queue", ["retry_count"], schema=schema)
    op.create_index(op.f("ix_dead_letter_queue_status"), "dead_letter_queue", ["status"], schema=schema)


def _message_queue(schema: str) -> None:
    op.create_table(
        "message_queue",
        _text("id", nullable=False),
        _text("phone", nullable=False),
        _text("content", nullable=False),
        _text("media_s3_url"),
        _text("conversation_message_id"),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("retry_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _text("last_error"),
        _moment("sent_at"),
        _moment("failed_at"),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_queue")),
        schema=schema,
    )
    op.create_index(
        op.f("ix_message_queue_conversation_message_id"), "message_queue", ["conversation_message_id"], schema=schema
    )
    op.create_index(op.f("ix_message_queue_created_at"), "message_queue", ["created_at"], schema=schema)
    op.create_index(op.f("ix_message_queue_status"), "message_queue", ["status"], schema=schema)


def _message_templates(schema: str) -> None:
    op.create_table(
        "message_templates",
        _text("id", nullable=False),
        _text("name", nullable=False),
        _text("content", nullable=False),
        _text("category", nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("usage_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_templates")),
        schema=schema,
    )
    op.create_index(op.f("ix_message_templates_category"), "message_templates", ["category"], schema=schema)


def _messages(schema: str) -> None:
    op.create_table(
        "messages",
        _text("id", nullable=False),
        _text("content", nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        _text("target_type", nullable=False),
        sa.Column("target_ids", postgresql.JSONB(), nullable=True),
        sa.Column("total_recipients", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("delivered_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _moment("sent_at"),
        _now("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        schema=schema,
    )
    op.create_index(op.f("ix_messages_created_at"), "messages", ["created_at"], schema=schema)
    op.create_index(op.f("ix_messages_sent_at"), "messages", ["sent_at"], schema=schema)
    op.create_index(op.f("ix_messages_status"), "messages", ["status"], schema=schema)


def _recurring_messages(schema: str) -> None:
    op.create_table(
        "recurring_messages",
        _text("id", nullable=False),
        _text("name", nullable=False),
        _text("content", nullable=False),
        _text("target_type", nullable=False),
        sa.Column("target_ids", postgresql.JSONB(), nullable=True),
        _text("frequency", nullable=False),
        sa.Column("day_of_week", sa.Integer(), nullable=True),
        _text("time_of_day"),
        _moment("next_send_at", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurring_messages")),
        schema=schema,
    )
    op.create_index(op.f("ix_recurring_messages_is_active"), "recurring_messages", ["is_active"], schema=schema)
    op.create_index(op.f("ix_recurring_messages_next_send_at"), "recurring_messages", ["next_send_at"], schema=schema)


def _message_recipients(schema: str) -> None:
    op.create_table(
        "message_recipients",
        _text("id", nullable=False),
        _text("message_id", nullable=False),
        _text("member_id", nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        _text("provider_message_id"),
        _moment("delivered_at"),
        _moment("failed_at"),
        _text("failure_reason"),
        sa.ForeignKeyConstraint(
            ["member_id"], [f"{schema}.members.id"], name=op.f("fk_message_recipients_member_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], [f"{schema}.messages.id"], name=op.f("fk_message_recipients_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_recipients")),
        sa.UniqueConstraint("message_id", "member_id", name=op.f("uq_message_recipients_message_id_member_id")),
        schema=schema,
    )
    op.create_index(op.f("ix_message_recipients_member_id"), "message_recipients", ["member_id"], schema=schema)
    op.create_index(
        op.f("ix_message_recipients_message_id_status"), "message_recipients", ["message_id", "status"], schema=schema
    )
    op.create_index(op.f("ix_message_recipients_status"), "message_recipients", ["status"], schema=schema)
