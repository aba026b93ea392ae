"""The notification service: what was said to whom, over which channel."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import false
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.payrollx.base import CATALOG, Base, Created, Document, Key, Updated, labels, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("notification", schema="notification", role="payrollx_notification")
db = Facade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class NotificationType(StrEnum):
    """The channel."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"
    IN_APP = "IN_APP"


class NotificationStatus(StrEnum):
    """How far a message has come."""

    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    DELIVERED = "DELIVERED"
    READ = "READ"


notification_type = labels("notification_type", "notification", NotificationType)
notification_status = labels("notification_status", "notification", NotificationStatus)


class Notification(Base):
    """One message to a user. ``metadata_`` is the column ``metadata``: SQLAlchemy keeps that name."""

    __tablename__ = "notifications"
    __table_args__ = HERE

    id: Mapped[Key]
    user_id: Mapped[uuid.UUID] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    type: Mapped[NotificationType] = mapped_column(notification_type, server_default="EMAIL")
    recipient: Mapped[str]
    title: Mapped[str]
    message: Mapped[str]
    template_id: Mapped[str | None]
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    status: Mapped[NotificationStatus] = mapped_column(notification_status, server_default="PENDING", index=True)
    is_read: Mapped[bool] = mapped_column(server_default=false())
    error: Mapped[str | None]
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]
    sent_at: Mapped[datetime | None]


class NotificationTemplate(Base):
    """A text with gaps, from which messages are made."""

    __tablename__ = "notification_templates"
    __table_args__ = HERE

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    type: Mapped[NotificationType] = mapped_column(notification_type, server_default="EMAIL")
    title: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]
