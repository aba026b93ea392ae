"""The auth service: who may log in, how they prove it, and what they did."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.azora.base import CATALOG, Base, metadata
from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference
from payrollx_db.model.reading import marked, readable
from payrollx_db.model.reading import secret as kept_secret

service = Service("auth", schema="auth", role="azora_auth")


class AuthFacade(Facade):
    """The service's tables, by name."""

    users: Table
    sessions: Table
    tokens: Table
    mfa_settings: Table
    user_profiles: Table
    audit_logs: Table


db = AuthFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class User(Base):
    """Someone who can log in. ``password`` is a hash, made by the service."""

    __tablename__ = "users"
    __table_args__ = HERE | marked(readable("id", "email", "name", "role", "is_active"))

    id: Mapped[Key] = mapped_column()
    email: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str] = mapped_column(info=kept_secret())
    name: Mapped[str] = mapped_column()
    # one of student, educator, employer, admin
    role: Mapped[str] = mapped_column(server_default="student", index=True)
    is_email_verified: Mapped[bool] = mapped_column(server_default=false())
    is_active: Mapped[bool] = mapped_column(server_default=true())
    last_login_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()


class Session(Base):
    """One login of a user, until it expires."""

    __tablename__ = "sessions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("auth.users.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(unique=True, info=kept_secret())
    ip_address: Mapped[str | None] = mapped_column()
    user_agent: Mapped[str | None] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    created_at: Mapped[Created] = mapped_column()


class Token(Base):
    """A token for one purpose: to renew a session, to prove an e-mail address, or to choose a new password."""

    __tablename__ = "tokens"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("auth.users.id", ondelete="CASCADE"), index=True)
    type: Mapped[str] = mapped_column(index=True)  # one of REFRESH, EMAIL_VERIFICATION, RESET_PASSWORD
    token: Mapped[str] = mapped_column(unique=True, info=kept_secret())
    expires_at: Mapped[datetime] = mapped_column()
    created_at: Mapped[Created] = mapped_column()


class MFASettings(Base):
    """How a user proves a login a second time. ``secret`` and the backup codes are the service's alone."""

    __tablename__ = "mfa_settings"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("auth.users.id", ondelete="CASCADE"), unique=True)
    enabled: Mapped[bool] = mapped_column(server_default=false())
    method: Mapped[str] = mapped_column(server_default="totp")  # one of totp, sms, email
    secret: Mapped[str | None] = mapped_column(info=kept_secret())
    backup_codes: Mapped[Document] = mapped_column(server_default=text("'[]'::jsonb"), info=kept_secret())
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    last_used_at: Mapped[datetime | None] = mapped_column()


class UserProfile(Base):
    """What a user tells of themselves. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "user_profiles"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("auth.users.id", ondelete="CASCADE"), unique=True)
    avatar: Mapped[str | None] = mapped_column()
    bio: Mapped[str | None] = mapped_column()
    location: Mapped[str | None] = mapped_column()
    timezone: Mapped[str | None] = mapped_column()
    language: Mapped[str] = mapped_column(server_default="en")
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class AuditLog(Base):
    """What a user did to which resource. It outlives the user. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "audit_logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    action: Mapped[str] = mapped_column(index=True)
    resource: Mapped[str | None] = mapped_column()
    ip_address: Mapped[str | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column(index=True)
