"""The family of assistants: who they are, and their conversations."""

from sqlalchemy import ForeignKey, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.azora.base import CATALOG, Base, metadata
from payrollx_db.catalogs.columns import Created, Document, Key, Texts, Updated
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("ai_family", schema="ai_family", role="azora_ai_family", reads=("auth.users",))


class AiFamilyFacade(Facade):
    """The service's tables, by name."""

    family_members: Table
    conversations: Table
    messages: Table
    family_interactions: Table


db = AiFamilyFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class FamilyMember(Base):
    """One assistant of the family, with its character."""

    __tablename__ = "family_members"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column()
    traits: Mapped[Texts | None] = mapped_column()
    background: Mapped[str] = mapped_column()
    relationships: Mapped[Document] = mapped_column()
    temperature: Mapped[float] = mapped_column(server_default=text("0.8"))
    avatar: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Conversation(Base):
    """A conversation of a user with a member."""

    __tablename__ = "conversations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    member_id: Mapped[str] = mapped_column(ForeignKey("ai_family.family_members.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    context: Mapped[Document | None] = mapped_column()
    started_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column(index=True)


class Message(Base):
    """What was said in a conversation. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "messages"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("ai_family.conversations.id", ondelete="CASCADE"), index=True
    )
    member_id: Mapped[str] = mapped_column(ForeignKey("ai_family.family_members.id", ondelete="RESTRICT"), index=True)
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    role: Mapped[str] = mapped_column()
    content: Mapped[str] = mapped_column()
    mood: Mapped[str] = mapped_column(server_default="neutral")
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    timestamp: Mapped[Created] = mapped_column(index=True)


class FamilyInteraction(Base):
    """What a user did with a member, by the member's name. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "family_interactions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    member_name: Mapped[str] = mapped_column(index=True, info=loose_reference("ai_family.family_members.name"))
    interaction: Mapped[str] = mapped_column()
    sentiment: Mapped[str | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
