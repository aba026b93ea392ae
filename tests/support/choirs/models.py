"""The choirs' tables: three of the registry, four of each choir."""

import hashlib
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, ForeignKey, Identity, MetaData, Text, func, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
}  # fmt: skip


class Base(DeclarativeBase):
    """What the tables have in common."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text, datetime: DateTime(timezone=True)}


class Choir(Base):
    """A tenant."""

    __tablename__ = "tenants"
    __table_args__: ClassVar[Any] = {"schema": "registry"}
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'active'"))
    plan: Mapped[str] = mapped_column(server_default=text("'small'"))
    schema: Mapped[str | None]
    database_url: Mapped[str | None]
    seen: Mapped[datetime] = mapped_column(server_default=func.now())


class Email(Base):
    """The way to a choir by a singer's address, of which the registry has the hash."""

    __tablename__ = "emails"
    __table_args__: ClassVar[Any] = {"schema": "registry"}
    hash: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("registry.tenants.id", ondelete="CASCADE"), index=True)


class Phone(Base):
    """The way to a choir by its number."""

    __tablename__ = "phones"
    __table_args__: ClassVar[Any] = {"schema": "registry"}
    number: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("registry.tenants.id", ondelete="CASCADE"), index=True)


class Singer(Base):
    """Somebody who sings."""

    __tablename__ = "singers"
    __table_args__: ClassVar[Any] = {"schema": "tenant"}
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(server_default=text("'VOICE'"))


class Song(Base):
    """What is sung."""

    __tablename__ = "songs"
    __table_args__: ClassVar[Any] = {"schema": "tenant"}
    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    singer_id: Mapped[str | None] = mapped_column(ForeignKey("tenant.singers.id", ondelete="SET NULL"), index=True)


class Message(Base):
    """What was sent."""

    __tablename__ = "messages"
    __table_args__: ClassVar[Any] = {"schema": "tenant"}
    id: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Rehearsal(Base):
    """What is counted by a sequence."""

    __tablename__ = "rehearsals"
    __table_args__: ClassVar[Any] = {"schema": "tenant"}
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    place: Mapped[str]


def hashed(email: str) -> str:
    """Return what the registry has of an address."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()
