"""The notification service: what was sent to whom, and whether it was read."""

from datetime import datetime

from sqlalchemy import Table, false
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.azora.base import CATALOG, Base, metadata
from payrollx_db.catalogs.columns import Created, Key
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("notification", schema="notification", role="azora_notification", reads=("auth.users",))


class NotificationFacade(Facade):
    """The service's tables, by name."""

    notifications: Table


db = NotificationFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Notification(Base):
    """One message to a user."""

    __tablename__ = "notifications"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    title: Mapped[str] = mapped_column()
    message: Mapped[str] = mapped_column()
    type: Mapped[str] = mapped_column(server_default="info")
    is_read: Mapped[bool] = mapped_column(server_default=false(), index=True)
    read_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()
