"""The auth service: who may log in, with which tokens, and what they did."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Table
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.payrollx.base import CATALOG, Base, Created, Document, Key, Updated, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference
from payrollx_db.model.reading import secret

service = Service("auth", schema="auth", role="payrollx_auth")


class AuthFacade(Facade):
    """The service's tables, by name."""

    users: Table
    refresh_tokens: Table
    audit_logs: Table


db = AuthFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class User(Base):
    """Someone who can log in. ``password`` is a hash, made by the service."""

    __tablename__ = "users"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    email: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str] = mapped_column(info=secret())
    first_name: Mapped[str] = mapped_column()
    last_name: Mapped[str] = mapped_column()
    role: Mapped[str] = mapped_column(server_default="EMPLOYEE", index=True)
    organization_id: Mapped[uuid.UUID | None] = mapped_column(
        index=True, info=loose_reference("organization.organizations.id")
    )
    created_at: Mapped[Created] = mapped_column(index=True)
    updated_at: Mapped[Updated] = mapped_column()


class RefreshToken(Base):
    """A token that renews a session until it expires."""

    __tablename__ = "refresh_tokens"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    token: Mapped[str] = mapped_column(unique=True, info=secret())
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("auth.users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[Created] = mapped_column()


class AuditLog(Base):
    """What a user did to which resource. It outlives the user."""

    __tablename__ = "audit_logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("auth.users.id", ondelete="SET NULL"), index=True)
    action: Mapped[str] = mapped_column()
    resource: Mapped[str] = mapped_column()
    resource_id: Mapped[str | None] = mapped_column()
    details: Mapped[Document | None] = mapped_column()
    ip_address: Mapped[str | None] = mapped_column()
    user_agent: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column(index=True)
