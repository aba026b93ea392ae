"""The notification service: what was said to whom, over which channel."""

from payrollx_db.catalogs.payrollx.notification import (
    Notification,
    NotificationStatus,
    NotificationTemplate,
    NotificationType,
    db,
    notification_status,
    notification_type,
    service,
)

__all__ = [
    "Notification",
    "NotificationStatus",
    "NotificationTemplate",
    "NotificationType",
    "db",
    "notification_status",
    "notification_type",
    "service",
]
