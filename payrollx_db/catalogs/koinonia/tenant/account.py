"""A church's account: what it pays, what it is connected to, how it is used, and how it is given up."""

from datetime import datetime

from sqlalchemy import false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.koinonia.base import Base
from payrollx_db.catalogs.koinonia.tenant.service import HERE
from payrollx_db.model.catalog import loose_reference
from payrollx_db.model.reading import secret


class Subscription(Base):
    """What the church pays for, and until when."""

    __tablename__ = "subscriptions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    stripe_sub_id: Mapped[str | None] = mapped_column(unique=True)
    plan: Mapped[str] = mapped_column(server_default="starter", index=True)  # one of starter, growth, pro
    billing_cycle: Mapped[str] = mapped_column(server_default="monthly", index=True)  # one of monthly, annual
    status: Mapped[str] = mapped_column(server_default="active", index=True)  # one of active, cancelled, past_due
    current_period_start: Mapped[datetime | None] = mapped_column()
    current_period_end: Mapped[datetime | None] = mapped_column()
    cancelled_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class PlanningCenterIntegration(Base):
    """The church's account at Planning Center, whose tokens are encrypted by the application."""

    __tablename__ = "planning_center_integrations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    organization_id: Mapped[str] = mapped_column()
    access_token: Mapped[str] = mapped_column(info=secret())
    refresh_token: Mapped[str | None] = mapped_column(info=secret())
    expires_at: Mapped[datetime | None] = mapped_column()
    is_enabled: Mapped[bool] = mapped_column(server_default=true(), index=True)
    member_sync_enabled: Mapped[bool] = mapped_column(server_default=true())
    service_sync_enabled: Mapped[bool] = mapped_column(server_default=false())
    sync_status: Mapped[str] = mapped_column(server_default="pending", index=True)  # one of pending, active, failed
    last_sync_at: Mapped[datetime | None] = mapped_column(index=True)
    error_message: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class OnboardingProgress(Base):
    """How far the church has come in setting itself up."""

    __tablename__ = "onboarding_progress"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    task_id: Mapped[str] = mapped_column(unique=True)  # one of create_branch, add_members, send_message
    completed: Mapped[bool] = mapped_column(server_default=false(), index=True)
    completed_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class NPSSurvey(Base):
    """How likely someone is to recommend the application, and why."""

    __tablename__ = "nps_surveys"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    responder_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("tenant.admins.id"))
    score: Mapped[int] = mapped_column(index=True)
    category: Mapped[str] = mapped_column(index=True)  # one of feedback, feature_request, bug, general, other
    feedback: Mapped[str | None] = mapped_column()
    sentiment: Mapped[str | None] = mapped_column(index=True)  # one of positive, neutral, negative
    followup_email: Mapped[str | None] = mapped_column()
    followup_sent: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[Created] = mapped_column(index=True)
    responded_at: Mapped[Created] = mapped_column()


class AnalyticsEvent(Base):
    """Something that was done in the application."""

    __tablename__ = "analytics_events"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    event_name: Mapped[str] = mapped_column(index=True)
    properties: Mapped[Document | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()


class AgentAudit(Base):
    """What a robot found in the church's code."""

    __tablename__ = "agent_audits"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    agent_type: Mapped[str] = mapped_column(index=True)  # one of backend-engineer, security-analyst
    event_type: Mapped[str] = mapped_column(index=True)  # one of pull_request, push, workflow_run
    github_pr_number: Mapped[int | None] = mapped_column()
    github_branch: Mapped[str | None] = mapped_column()
    status: Mapped[str] = mapped_column(index=True)  # one of success, failed
    findings: Mapped[Document | None] = mapped_column(server_default=text("'[]'::jsonb"))
    recommendations: Mapped[Document | None] = mapped_column(server_default=text("'[]'::jsonb"))
    severity: Mapped[str | None] = mapped_column(index=True)  # one of critical, high, medium, low, info
    error: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column(index=True)


class DataExport(Base):
    """That someone asked for the account's data, and where they are."""

    __tablename__ = "data_exports"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    requested_by: Mapped[str] = mapped_column(index=True, info=loose_reference("tenant.admins.id"))
    # one of pending, completed, failed, expired
    status: Mapped[str] = mapped_column(server_default="pending", index=True)
    file_url: Mapped[str | None] = mapped_column()
    file_size: Mapped[int | None] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column(index=True)
    error_message: Mapped[str | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    completed_at: Mapped[datetime | None] = mapped_column()


class AccountDeletionRequest(Base):
    """That the account is to be deleted, and on which day."""

    __tablename__ = "account_deletion_requests"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    initiated_by: Mapped[str] = mapped_column(index=True, info=loose_reference("tenant.admins.id"))
    confirmation_token: Mapped[str] = mapped_column(unique=True, info=secret())
    status: Mapped[str] = mapped_column(server_default="pending", index=True)  # one of pending, confirmed, cancelled
    scheduled_deletion_at: Mapped[datetime] = mapped_column(index=True)
    actual_deletion_at: Mapped[datetime | None] = mapped_column()
    reason: Mapped[str | None] = mapped_column()
    cancelled_at: Mapped[datetime | None] = mapped_column()
    cancelled_by: Mapped[str | None] = mapped_column(index=True, info=loose_reference("tenant.admins.id"))
    created_at: Mapped[Created] = mapped_column()
