"""Who belongs to a church, and who runs its account: branches, members, admins, and how admins prove who they are."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.koinonia.base import Base
from payrollx_db.catalogs.koinonia.tenant.service import HERE
from payrollx_db.model.catalog import loose_reference
from payrollx_db.model.reading import secret


class Branch(Base):
    """A branch of the church."""

    __tablename__ = "branches"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column()
    address: Mapped[str | None] = mapped_column()
    phone: Mapped[str | None] = mapped_column()
    description: Mapped[str | None] = mapped_column()
    is_active: Mapped[bool] = mapped_column(server_default=true(), index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Member(Base):
    """Someone whom the church writes to. ``phone`` and ``encrypted_email`` are encrypted by the application."""

    __tablename__ = "members"
    __table_args__ = (Index(None, "first_name", "last_name"), HERE)

    id: Mapped[Key] = mapped_column()
    first_name: Mapped[str] = mapped_column()
    last_name: Mapped[str] = mapped_column()
    phone: Mapped[str] = mapped_column()
    phone_hash: Mapped[str | None] = mapped_column(index=True)
    email: Mapped[str | None] = mapped_column(unique=True)
    encrypted_email: Mapped[str | None] = mapped_column()
    email_hash: Mapped[str | None] = mapped_column(index=True)
    opt_in_sms: Mapped[bool] = mapped_column(server_default=true())
    created_at: Mapped[Created] = mapped_column(index=True)
    updated_at: Mapped[Updated] = mapped_column()


class Admin(Base):
    """Someone who runs the church's account, and may log in."""

    __tablename__ = "admins"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    email: Mapped[str] = mapped_column(unique=True)
    encrypted_email: Mapped[str | None] = mapped_column()
    email_hash: Mapped[str | None] = mapped_column(index=True)
    password_hash: Mapped[str] = mapped_column(info=secret())
    first_name: Mapped[str] = mapped_column()
    last_name: Mapped[str] = mapped_column()
    role: Mapped[str] = mapped_column(server_default="CO_ADMIN", index=True)  # one of PRIMARY, CO_ADMIN
    invitation_token: Mapped[str | None] = mapped_column(info=secret())
    invitation_expires_at: Mapped[datetime | None] = mapped_column()
    last_login_at: Mapped[datetime | None] = mapped_column()
    welcome_completed: Mapped[bool] = mapped_column(server_default=false())
    user_role: Mapped[str | None] = mapped_column()  # one of pastor, admin, communications, volunteer, other
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class AdminMFA(Base):
    """How an admin proves a login a second time."""

    __tablename__ = "admin_mfa"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    admin_id: Mapped[str] = mapped_column(ForeignKey("tenant.admins.id", ondelete="CASCADE"), unique=True)
    totp_secret: Mapped[str] = mapped_column(info=secret())
    mfa_enabled: Mapped[bool] = mapped_column(server_default=false(), index=True)
    backup_codes_used: Mapped[Document | None] = mapped_column(server_default=text("'[]'::jsonb"), info=secret())
    enabled_at: Mapped[datetime | None] = mapped_column()
    disabled_at: Mapped[datetime | None] = mapped_column()
    last_verified_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class MFARecoveryCode(Base):
    """A code that proves a login where the second proof is lost; ``position`` is its place among the admin's."""

    __tablename__ = "mfa_recovery_codes"
    __table_args__ = (UniqueConstraint("admin_id", "position"), HERE)

    id: Mapped[Key] = mapped_column()
    admin_id: Mapped[str] = mapped_column(info=loose_reference("tenant.admins.id"))
    code: Mapped[str] = mapped_column(unique=True, info=secret())
    position: Mapped[int] = mapped_column()
    used_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[Created] = mapped_column()


class ConsentLog(Base):
    """What someone agreed to, or no longer does."""

    __tablename__ = "consent_logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    member_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("tenant.members.id"))
    admin_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("tenant.admins.id"))
    type: Mapped[str] = mapped_column(index=True)  # one of smsMarketing, emailMarketing, dataProcessing, analytics
    status: Mapped[str] = mapped_column()  # one of granted, denied, withdrawn
    reason: Mapped[str | None] = mapped_column()
    source: Mapped[str] = mapped_column()  # one of api, web_form, email_link, signup
    created_at: Mapped[Created] = mapped_column(index=True)
