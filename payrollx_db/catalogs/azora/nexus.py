"""The nexus service: what a user likes, what was recommended, and what became of it."""

from sqlalchemy import ForeignKey, Table
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.azora.base import CATALOG, Base, metadata
from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("nexus", schema="nexus", role="azora_nexus", reads=("auth.users",))


class NexusFacade(Facade):
    """The service's tables, by name."""

    user_profiles: Table
    recommendations: Table
    interactions: Table
    audit_logs: Table


db = NexusFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class UserProfile(Base):
    """How a user behaves, and what they prefer."""

    __tablename__ = "user_profiles"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(unique=True, info=loose_reference("auth.users.id"))
    preferences: Mapped[Document] = mapped_column()
    behavior: Mapped[Document] = mapped_column()
    demographics: Mapped[Document | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Recommendation(Base):
    """Something that was recommended to a user."""

    __tablename__ = "recommendations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("nexus.user_profiles.user_id", ondelete="RESTRICT"), index=True)
    type: Mapped[str] = mapped_column()  # one of feature, service, product
    item_id: Mapped[str] = mapped_column()
    item_name: Mapped[str] = mapped_column()
    score: Mapped[float] = mapped_column()
    context: Mapped[Document] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="active")  # one of active, dismissed, accepted
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Interaction(Base):
    """What a user did with an item. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "interactions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("nexus.user_profiles.user_id", ondelete="RESTRICT"), index=True)
    recommendation_id: Mapped[str | None] = mapped_column(
        ForeignKey("nexus.recommendations.id", ondelete="SET NULL"), index=True
    )
    type: Mapped[str] = mapped_column()  # one of view, click, dismiss, accept, purchase
    item_id: Mapped[str] = mapped_column()
    metadata_: Mapped[Document] = mapped_column("metadata")
    timestamp: Mapped[Created] = mapped_column()


class AuditLog(Base):
    """What was done to which entity."""

    __tablename__ = "audit_logs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    action: Mapped[str] = mapped_column()
    entity_id: Mapped[str] = mapped_column()
    entity_type: Mapped[str] = mapped_column()
    user_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    details: Mapped[Document] = mapped_column()
    timestamp: Mapped[Created] = mapped_column()
