"""The forge service: jobs, who applies for them, the contracts that come of it, and disputes."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.azora.base import CATALOG, Base, Money, metadata
from payrollx_db.catalogs.columns import Created, Key, Texts, Updated
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("forge", schema="forge", role="azora_forge", reads=("auth.users",))


class ForgeFacade(Facade):
    """The service's tables, by name."""

    jobs: Table
    applications: Table
    contracts: Table
    milestones: Table
    disputes: Table
    skill_profiles: Table


db = ForgeFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Job(Base):
    """Work that an employer offers."""

    __tablename__ = "jobs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    employer_id: Mapped[str] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    budget: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="AZR")
    # one of open, in_progress, completed, cancelled
    status: Mapped[str] = mapped_column(server_default="open", index=True)
    skills: Mapped[Texts | None] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)
    deadline: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()


class Application(Base):
    """A freelancer's offer to do a job."""

    __tablename__ = "applications"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    job_id: Mapped[str] = mapped_column(ForeignKey("forge.jobs.id", ondelete="RESTRICT"), index=True)
    freelancer_id: Mapped[str] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    proposal: Mapped[str] = mapped_column()
    bid_amount: Mapped[Money] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="pending", index=True)  # one of pending, accepted, rejected
    created_at: Mapped[Created] = mapped_column()


class Contract(Base):
    """A job that a freelancer does for an agreed amount."""

    __tablename__ = "contracts"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    job_id: Mapped[str] = mapped_column(ForeignKey("forge.jobs.id", ondelete="RESTRICT"), index=True)
    freelancer_id: Mapped[str] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    employer_id: Mapped[str] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    amount: Mapped[Money] = mapped_column()
    # one of active, completed, disputed, cancelled
    status: Mapped[str] = mapped_column(server_default="active", index=True)
    start_date: Mapped[Created] = mapped_column()
    end_date: Mapped[datetime | None] = mapped_column()
    escrow_id: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()


class Milestone(Base):
    """A part of a contract, with its amount and the day on which it is due."""

    __tablename__ = "milestones"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    contract_id: Mapped[str] = mapped_column(ForeignKey("forge.contracts.id", ondelete="RESTRICT"), index=True)
    description: Mapped[str] = mapped_column()
    amount: Mapped[Money] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="pending", index=True)  # one of pending, completed, approved
    due_date: Mapped[datetime | None] = mapped_column()
    completed_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()


class Dispute(Base):
    """A quarrel about a contract, and how it ended."""

    __tablename__ = "disputes"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    contract_id: Mapped[str] = mapped_column(ForeignKey("forge.contracts.id", ondelete="RESTRICT"), index=True)
    raised_by: Mapped[str] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    reason: Mapped[str] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="open", index=True)  # one of open, resolved, escalated
    resolution: Mapped[str | None] = mapped_column()
    resolved_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()


class SkillProfile(Base):
    """What a freelancer can do, and how well they were rated."""

    __tablename__ = "skill_profiles"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("auth.users.id", ondelete="RESTRICT"), unique=True)
    skills: Mapped[Texts | None] = mapped_column()
    rating: Mapped[Decimal] = mapped_column(Numeric(3, 2), server_default=text("0"))
    jobs_completed: Mapped[int] = mapped_column(server_default=text("0"))
    total_earned: Mapped[Money] = mapped_column(server_default=text("0"))
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
