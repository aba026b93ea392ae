"""The notification service: what was said to whom, over which channel."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Table, false
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.payrollx.base import CATALOG, Base, Created, Document, Key, Updated, labels, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("notification", schema="notification", role="payrollx_notification")


class NotificationFacade(Facade):
    """The service's tables, by name."""

    notifications: Table
    notification_templates: Table


db = NotificationFacade(service, metadata=metadata, catalog=CATALOG)
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

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[uuid.UUID] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    type: Mapped[NotificationType] = mapped_column(notification_type, server_default="EMAIL")
    recipient: Mapped[str] = mapped_column()
    title: Mapped[str] = mapped_column()
    message: Mapped[str] = mapped_column()
    template_id: Mapped[str | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    status: Mapped[NotificationStatus] = mapped_column(notification_status, server_default="PENDING", index=True)
    is_read: Mapped[bool] = mapped_column(server_default=false())
    error: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    sent_at: Mapped[datetime | None] = mapped_column()


class NotificationTemplate(Base):
    """A text with gaps, from which messages are made."""

    __tablename__ = "notification_templates"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column(unique=True)
    type: Mapped[NotificationType] = mapped_column(notification_type, server_default="EMAIL")
    title: Mapped[str] = mapped_column()
    body: Mapped[str] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
