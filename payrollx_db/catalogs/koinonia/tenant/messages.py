"""What a church sends: messages and their recipients, templates, what recurs, and what waits or failed."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.koinonia.base import Base
from payrollx_db.catalogs.koinonia.tenant.service import HERE
from payrollx_db.model.catalog import loose_reference


class Message(Base):
    """A message to one member or to all, and what became of it."""

    __tablename__ = "messages"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    content: Mapped[str] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="pending", index=True)  # one of pending, sent, failed
    target_type: Mapped[str] = mapped_column()  # one of individual, all
    target_ids: Mapped[Document | None] = mapped_column()
    total_recipients: Mapped[int] = mapped_column(server_default=text("0"))
    delivered_count: Mapped[int] = mapped_column(server_default=text("0"))
    failed_count: Mapped[int] = mapped_column(server_default=text("0"))
    sent_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[Created] = mapped_column(index=True)


class MessageRecipient(Base):
    """What became of a message at one member's."""

    __tablename__ = "message_recipients"
    __table_args__ = (UniqueConstraint("message_id", "member_id"), Index(None, "message_id", "status"), HERE)

    id: Mapped[Key] = mapped_column()
    message_id: Mapped[str] = mapped_column(ForeignKey("tenant.messages.id", ondelete="CASCADE"))
    member_id: Mapped[str] = mapped_column(ForeignKey("tenant.members.id", ondelete="CASCADE"), index=True)
    # one of pending, sent, delivered, failed
    status: Mapped[str] = mapped_column(server_default="pending", index=True)
    provider_message_id: Mapped[str | None] = mapped_column()
    delivered_at: Mapped[datetime | None] = mapped_column()
    failed_at: Mapped[datetime | None] = mapped_column()
    failure_reason: Mapped[str | None] = mapped_column()


class MessageTemplate(Base):
    """A text to write messages from."""

    __tablename__ = "message_templates"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column()
    content: Mapped[str] = mapped_column()
    # one of service_reminder, event, prayer, thank_you, welcome, offering
    category: Mapped[str] = mapped_column(index=True)
    is_default: Mapped[bool] = mapped_column(server_default=false())
    usage_count: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class RecurringMessage(Base):
    """A message that is sent again and again, and when it is next."""

    __tablename__ = "recurring_messages"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column()
    content: Mapped[str] = mapped_column()
    target_type: Mapped[str] = mapped_column()  # one of branches, all
    target_ids: Mapped[Document | None] = mapped_column()
    frequency: Mapped[str] = mapped_column()  # one of daily, weekly, monthly
    day_of_week: Mapped[int | None] = mapped_column()
    time_of_day: Mapped[str | None] = mapped_column()
    next_send_at: Mapped[datetime] = mapped_column(index=True)
    is_active: Mapped[bool] = mapped_column(server_default=true(), index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class MessageQueue(Base):
    """A message that waits to be sent, or sent again."""

    __tablename__ = "message_queue"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    phone: Mapped[str] = mapped_column()
    content: Mapped[str] = mapped_column()
    media_s3_url: Mapped[str | None] = mapped_column()
    conversation_message_id: Mapped[str | None] = mapped_column(
        index=True, info=loose_reference("tenant.conversation_messages.id")
    )
    status: Mapped[str] = mapped_column(server_default="pending", index=True)  # one of pending, sent, failed
    retry_count: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None] = mapped_column()
    sent_at: Mapped[datetime | None] = mapped_column()
    failed_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column(index=True)
    updated_at: Mapped[Updated] = mapped_column()


class DeadLetter(Base):
    """A call that failed for good, with what it carried. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "dead_letter_queue"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)  # one of SMS_SEND, WEBHOOK_INBOUND
    external_id: Mapped[str | None] = mapped_column(index=True)
    original_payload: Mapped[Document] = mapped_column()
    error_message: Mapped[str] = mapped_column()
    error_stack: Mapped[str | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    status: Mapped[str] = mapped_column(server_default="PENDING", index=True)  # one of PENDING, RESOLVED, DEAD_LETTER
    retry_count: Mapped[int] = mapped_column(server_default=text("0"), index=True)
    first_attempt_at: Mapped[Created] = mapped_column()
    last_attempt_at: Mapped[Created] = mapped_column()
    created_at: Mapped[Created] = mapped_column(index=True)
    updated_at: Mapped[Updated] = mapped_column()
