"""Conversations with members, and with the assistant on the church's pages."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Key, Updated
from payrollx_db.catalogs.koinonia.base import Base
from payrollx_db.catalogs.koinonia.tenant.service import HERE
from payrollx_db.model.catalog import loose_reference


class Conversation(Base):
    """The conversation with a member."""

    __tablename__ = "conversations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    member_id: Mapped[str] = mapped_column(ForeignKey("tenant.members.id", ondelete="CASCADE"), unique=True)
    last_message_at: Mapped[datetime | None] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(server_default="open", index=True)  # one of open, closed, archived
    unread_count: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    recipient_rcs_capable: Mapped[bool] = mapped_column(server_default=false())
    is_typing: Mapped[bool] = mapped_column(server_default=false())
    last_typing_at: Mapped[datetime | None] = mapped_column()


class ConversationMessage(Base):
    """A message of a conversation, in or out, maybe with a picture, a film, a sound or a document."""

    __tablename__ = "conversation_messages"
    __table_args__ = (Index(None, "conversation_id", "created_at"), Index(None, "direction", "conversation_id"), HERE)

    id: Mapped[Key] = mapped_column()
    conversation_id: Mapped[str] = mapped_column(ForeignKey("tenant.conversations.id", ondelete="CASCADE"))
    member_id: Mapped[str] = mapped_column(ForeignKey("tenant.members.id", ondelete="CASCADE"), index=True)
    content: Mapped[str] = mapped_column()
    direction: Mapped[str] = mapped_column()  # one of inbound, outbound
    provider_message_id: Mapped[str | None] = mapped_column(index=True)
    delivery_status: Mapped[str | None] = mapped_column()  # one of pending, delivered, failed
    channel: Mapped[str] = mapped_column(server_default="sms", index=True)  # one of sms, mms, rcs
    rcs_read_at: Mapped[datetime | None] = mapped_column()
    rcs_fallback_reason: Mapped[str | None] = mapped_column()
    reply_to_id: Mapped[str | None] = mapped_column(
        ForeignKey("tenant.conversation_messages.id", ondelete="SET NULL"), index=True
    )
    send_effect: Mapped[str | None] = mapped_column()  # one of slam, loud, gentle, invisibleInk, none
    media_url: Mapped[str | None] = mapped_column()
    media_type: Mapped[str | None] = mapped_column(index=True)  # one of image, video, audio, document
    media_name: Mapped[str | None] = mapped_column()
    media_size_bytes: Mapped[int | None] = mapped_column()
    media_s3_key: Mapped[str | None] = mapped_column()
    media_mime_type: Mapped[str | None] = mapped_column()
    media_width: Mapped[int | None] = mapped_column()
    media_height: Mapped[int | None] = mapped_column()
    media_duration: Mapped[int | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column(index=True)
    updated_at: Mapped[Updated] = mapped_column()


class MessageReaction(Base):
    """An emoji on a message: by a member, whose id ``reacted_by`` is, or by ``church``."""

    __tablename__ = "message_reactions"
    __table_args__ = (UniqueConstraint("message_id", "emoji", "reacted_by"), HERE)

    id: Mapped[Key] = mapped_column()
    message_id: Mapped[str] = mapped_column(ForeignKey("tenant.conversation_messages.id", ondelete="CASCADE"))
    emoji: Mapped[str] = mapped_column()
    reacted_by: Mapped[str] = mapped_column()
    created_at: Mapped[Created] = mapped_column()


class ChatConversation(Base):
    """A conversation with the assistant on the church's pages."""

    __tablename__ = "chat_conversations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    admin_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("tenant.admins.id"))
    visitor_id: Mapped[str | None] = mapped_column(index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class ChatMessage(Base):
    """What was said in such a conversation."""

    __tablename__ = "chat_messages"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("tenant.chat_conversations.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[str] = mapped_column()
    content: Mapped[str] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
