"""The tables of a church's conversations: the same for each tenant."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl

revision = "tenant_0003"
down_revision = "tenant_0002"
branch_labels = None
depends_on = None

TABLES = (  # parents first
    "chat_conversations",
    "chat_messages",
    "conversations",
    "conversation_messages",
    "message_reactions",
)


def upgrade() -> None:
    schema = ddl.schema_of("tenant")
    _chat_conversations(schema)
    _chat_messages(schema)
    _conversations(schema)
    _conversation_messages(schema)
    _message_reactions(schema)


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


def _chat_conversations(schema: str) -> None:
    op.create_table(
        "chat_conversations",
        _text("id", nullable=False),
        _text("admin_id"),
        _text("visitor_id"),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_conversations")),
        schema=schema,
    )
    op.create_index(op.f("ix_chat_conversations_admin_id"), "chat_conversations", ["admin_id"], schema=schema)
    op.create_index(op.f("ix_chat_conversations_visitor_id"), "chat_conversations", ["visitor_id"], schema=schema)


def _chat_messages(schema: str) -> None:
    op.create_table(
        "chat_messages",
        _text("id", nullable=False),
        _text("conversation_id", nullable=False),
        _text("role", nullable=False),
        _text("content", nullable=False),
        _now("created_at"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            [f"{schema}.chat_conversations.id"],
            name=op.f("fk_chat_messages_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_messages")),
        schema=schema,
    )
    op.create_index(op.f("ix_chat_messages_conversation_id"), "chat_messages", ["conversation_id"], schema=schema)


def _conversations(schema: str) -> None:
    op.create_table(
        "conversations",
        _text("id", nullable=False),
        _text("member_id", nullable=False),
        _moment("last_message_at"),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("unread_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.Column("recipient_rcs_capable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_typing", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _moment("last_typing_at"),
        sa.ForeignKeyConstraint(
            ["member_id"], [f"{schema}.members.id"], name=op.f("fk_conversations_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("member_id", name=op.f("uq_conversations_member_id")),
        schema=schema,
    )
    op.create_index(op.f("ix_conversations_last_message_at"), "conversations", ["last_message_at"], schema=schema)
    op.create_index(op.f("ix_conversations_status"), "conversations", ["status"], schema=schema)


def _conversation_messages(schema: str) -> None:
    op.create_table(
        "conversation_messages",
        _text("id", nullable=False),
        _text("conversation_id", nullable=False),
        _text("member_id", nullable=False),
        _text("content", nullable=False),
        _text("direction", nullable=False),
        _text("provider_message_id"),
        _text("delivery_status"),
        sa.Column("channel", sa.Text(), server_default="sms", nullable=False),
        _moment("rcs_read_at"),
        _text("rcs_fallback_reason"),
        _text("reply_to_id"),
        _text("send_effect"),
        _text("media_url"),
        _text("media_type"),
        _text("media_name"),
        sa.Column("media_size_bytes", sa.Integer(), nullable=True),
        _text("media_s3_key"),
        _text("media_mime_type"),
        sa.Column("media_width", sa.Integer(), nullable=True),
        sa.Column("media_height", sa.Integer(), nullable=True),
        sa.Column("media_duration", sa.Integer(), nullable=True),
        _now("created_at"),
        _now("updated_at"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            [f"{schema}.conversations.id"],
            name=op.f("fk_conversation_messages_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], [f"{schema}.members.id"], name=op.f("fk_conversation_messages_member_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["reply_to_id"],
            [f"{schema}.conversation_messages.id"],
            name=op.f("fk_conversation_messages_reply_to_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_messages")),
        schema=schema,
    )
    op.create_index(op.f("ix_conversation_messages_channel"), "conversation_messages", ["channel"], schema=schema)
    op.create_index(
        op.f("ix_conversation_messages_conversation_id_created_at"),
        "conversation_messages",
        ["conversation_id", "created_at"],
        schema=schema,
    )
    op.create_index(op.f("ix_conversation_messages_created_at"), "conversation_messages", ["created_at"], schema=schema)
    op.create_index(
        op.f("ix_conversation_messages_direction_conversation_id"),
        "conversation_messages",
        ["direction", "conversation_id"],
        schema=schema,
    )
    op.create_index(op.f("ix_conversation_messages_media_type"), "conversation_messages", ["media_type"], schema=schema)
    op.create_index(op.f("ix_conversation_messages_member_id"), "conversation_messages", ["member_id"], schema=schema)
    op.create_index(
        op.f("ix_conversation_messages_provider_message_id"),
        "conversation_messages",
        ["provider_message_id"],
        schema=schema,
    )
    op.create_index(
        op.f("ix_conversation_messages_reply_to_id"), "conversation_messages", ["reply_to_id"], schema=schema
    )


def _message_reactions(schema: str) -> None:
    op.create_table(
        "message_reactions",
        _text("id", nullable=False),
        _text("message_id", nullable=False),
        _text("emoji", nullable=False),
        _text("reacted_by", nullable=False),
        _now("created_at"),
        sa.ForeignKeyConstraint(
            ["message_id"],
            [f"{schema}.conversation_messages.id"],
            name=op.f("fk_message_reactions_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_reactions")),
        sa.UniqueConstraint(
            "message_id", "emoji", "reacted_by", name=op.f("uq_message_reactions_message_id_emoji_reacted_by")
        ),
        schema=schema,
    )
