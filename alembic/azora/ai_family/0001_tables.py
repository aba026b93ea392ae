"""The tables of the service ai_family, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "ai_family_0001"
down_revision = None
branch_labels = ("ai_family",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("ai_family")
    _family_interactions()
    _family_members()
    _conversations()
    _messages()


def downgrade() -> None:
    foreign_keys.loosen("ai_family")
    op.drop_table("messages", schema="ai_family")
    op.drop_table("conversations", schema="ai_family")
    op.drop_table("family_members", schema="ai_family")
    op.drop_table("family_interactions", schema="ai_family")
    ddl.end_service("ai_family")


def _family_interactions() -> None:
    op.create_table(
        "family_interactions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("member_name", sa.Text(), nullable=False),
        sa.Column("interaction", sa.Text(), nullable=False),
        sa.Column("sentiment", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_interactions")),
        schema="ai_family",
    )
    op.create_index(
        op.f("ix_family_interactions_member_name"), "family_interactions", ["member_name"], schema="ai_family"
    )
    op.create_index(op.f("ix_family_interactions_user_id"), "family_interactions", ["user_id"], schema="ai_family")


def _family_members() -> None:
    op.create_table(
        "family_members",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("traits", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("background", sa.Text(), nullable=False),
        sa.Column("relationships", postgresql.JSONB(), nullable=False),
        sa.Column("temperature", sa.Double(), server_default=sa.text("0.8"), nullable=False),
        sa.Column("avatar", sa.Text(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_members")),
        sa.UniqueConstraint("name", name=op.f("uq_family_members_name")),
        schema="ai_family",
    )


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("context", postgresql.JSONB(), nullable=True),
        sa.Column(
            "started_at",
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
            ["member_id"], ["ai_family.family_members.id"], name=op.f("fk_conversations_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        schema="ai_family",
    )
    op.create_index(op.f("ix_conversations_member_id"), "conversations", ["member_id"], schema="ai_family")
    op.create_index(op.f("ix_conversations_updated_at"), "conversations", ["updated_at"], schema="ai_family")
    op.create_index(op.f("ix_conversations_user_id"), "conversations", ["user_id"], schema="ai_family")


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("mood", sa.Text(), server_default="neutral", nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["ai_family.conversations.id"],
            name=op.f("fk_messages_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["ai_family.family_members.id"], name=op.f("fk_messages_member_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        schema="ai_family",
    )
    op.create_index(op.f("ix_messages_conversation_id"), "messages", ["conversation_id"], schema="ai_family")
    op.create_index(op.f("ix_messages_member_id"), "messages", ["member_id"], schema="ai_family")
    op.create_index(op.f("ix_messages_timestamp"), "messages", ["timestamp"], schema="ai_family")
    op.create_index(op.f("ix_messages_user_id"), "messages", ["user_id"], schema="ai_family")
