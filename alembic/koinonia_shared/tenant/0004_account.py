"""The tables of a church's account, which all tenants share."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import row_security

revision = "tenant_0004"
down_revision = "tenant_0003"
branch_labels = None
depends_on = None

TABLES = (  # parents first
    "account_deletion_requests",
    "agent_audits",
    "analytics_events",
    "data_exports",
    "nps_surveys",
    "onboarding_progress",
    "planning_center_integrations",
    "subscriptions",
)


def upgrade() -> None:
    _account_deletion_requests()
    _agent_audits()
    _analytics_events()
    _data_exports()
    _nps_surveys()
    _onboarding_progress()
    _planning_center_integrations()
    _subscriptions()
    for table in TABLES:
        row_security.enable(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table, schema="tenant")


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True, precision=3), nullable=nullable)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, postgresql.TIMESTAMP(timezone=True, precision=3), server_default=sa.text("now()"), nullable=False
    )


def _tenant() -> sa.Column[str]:
    return sa.Column(
        "tenant_id", sa.Text(), server_default=sa.text("current_setting('koinonia.tenant')"), nullable=False
    )


def _account_deletion_requests() -> None:
    op.create_table(
        "account_deletion_requests",
        _tenant(),
        _text("id", nullable=False),
        _text("initiated_by", nullable=False),
        _text("confirmation_token", nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        _moment("scheduled_deletion_at", nullable=False),
        _moment("actual_deletion_at"),
        _text("reason"),
        _moment("cancelled_at"),
        _text("cancelled_by"),
        _now("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_account_deletion_requests")),
        sa.UniqueConstraint(
            "tenant_id", "confirmation_token", name=op.f("uq_account_deletion_requests_confirmation_token")
        ),
        schema="tenant",
    )
    op.create_index(
        op.f("ix_account_deletion_requests_cancelled_by"),
        "account_deletion_requests",
        ["tenant_id", "cancelled_by"],
        schema="tenant",
    )
    op.create_index(
        op.f("ix_account_deletion_requests_initiated_by"),
        "account_deletion_requests",
        ["tenant_id", "initiated_by"],
        schema="tenant",
    )
    op.create_index(
        op.f("ix_account_deletion_requests_scheduled_deletion_at"),
        "account_deletion_requests",
        ["tenant_id", "scheduled_deletion_at"],
        schema="tenant",
    )
    op.create_index(
        op.f("ix_account_deletion_requests_status"),
        "account_deletion_requests",
        ["tenant_id", "status"],
        schema="tenant",
    )


def _agent_audits() -> None:
    op.create_table(
        "agent_audits",
        _tenant(),
        _text("id", nullable=False),
        _text("agent_type", nullable=False),
        _text("event_type", nullable=False),
        sa.Column("github_pr_number", sa.Integer(), nullable=True),
        _text("github_branch"),
        _text("status", nullable=False),
        sa.Column("findings", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=True),
        sa.Column("recommendations", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=True),
        _text("severity"),
        _text("error"),
        _now("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_agent_audits")),
        schema="tenant",
    )
    op.create_index(op.f("ix_agent_audits_agent_type"), "agent_audits", ["tenant_id", "agent_type"], schema="tenant")
    op.create_index(op.f("ix_agent_audits_created_at"), "agent_audits", ["tenant_id", "created_at"], schema="tenant")
    op.create_index(op.f("ix_agent_audits_event_type"), "agent_audits", ["tenant_id", "event_type"], schema="tenant")
    op.create_index(op.f("ix_agent_audits_severity"), "agent_audits", ["tenant_id", "severity"], schema="tenant")
    op.create_index(op.f("ix_agent_audits_status"), "agent_audits", ["tenant_id", "status"], schema="tenant")


def _analytics_events() -> None:
    op.create_table(
        "analytics_events",
        _tenant(),
        _text("id", nullable=False),
        _text("event_name", nullable=False),
        sa.Column("properties", postgresql.JSONB(), nullable=True),
        _now("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_analytics_events")),
        schema="tenant",
    )
    op.create_index(
        op.f("ix_analytics_events_event_name"), "analytics_events", ["tenant_id", "event_name"], schema="tenant"
    )


def _data_exports() -> None:
    op.create_table(
        "data_exports",
        _tenant(),
        _text("id", nullable=False),
        _text("requested_by", nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        _text("file_url"),
        sa.Column("file_size", sa.Integer(), nullable=True),
        _moment("expires_at", nullable=False),
        _text("error_message"),
        _now("created_at"),
        _moment("completed_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_data_exports")),
        schema="tenant",
    )
    op.create_index(op.f("ix_data_exports_expires_at"), "data_exports", ["tenant_id", "expires_at"], schema="tenant")
    op.create_index(
        op.f("ix_data_exports_requested_by"), "data_exports", ["tenant_id", "requested_by"], schema="tenant"
    )
    op.create_index(op.f("ix_data_exports_status"), "data_exports", ["tenant_id", "status"], schema="tenant")


def _nps_surveys() -> None:
    op.create_table(
        "nps_surveys",
        _tenant(),
        _text("id", nullable=False),
        _text("responder_id"),
        sa.Column("score", sa.Integer(), nullable=False),
        _text("category", nullable=False),
        _text("feedback"),
        _text("sentiment"),
        _text("followup_email"),
        sa.Column("followup_sent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _now("created_at"),
        _now("responded_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_nps_surveys")),
        schema="tenant",
    )
    op.create_index(op.f("ix_nps_surveys_category"), "nps_surveys", ["tenant_id", "category"], schema="tenant")
    op.create_index(op.f("ix_nps_surveys_created_at"), "nps_surveys", ["tenant_id", "created_at"], schema="tenant")
    op.create_index(op.f("ix_nps_surveys_responder_id"), "nps_surveys", ["tenant_id", "responder_id"], schema="tenant")
    op.create_index(op.f("ix_nps_surveys_score"), "nps_surveys", ["tenant_id", "score"], schema="tenant")
    op.create_index(op.f("ix_nps_surveys_sentiment"), "nps_surveys", ["tenant_id", "sentiment"], schema="tenant")


def _onboarding_progress() -> None:
    op.create_table(
        "onboarding_progress",
        _tenant(),
        _text("id", nullable=False),
        _text("task_id", nullable=False),
        sa.Column("completed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _moment("completed_at"),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_onboarding_progress")),
        sa.UniqueConstraint("tenant_id", "task_id", name=op.f("uq_onboarding_progress_task_id")),
        schema="tenant",
    )
    op.create_index(
        op.f("ix_onboarding_progress_completed"), "onboarding_progress", ["tenant_id", "completed"], schema="tenant"
    )
    op.create_index(
        op.f("ix_onboarding_progress_completed_at"),
        "onboarding_progress",
        ["tenant_id", "completed_at"],
        schema="tenant",
    )


def _planning_center_integrations() -> None:
    op.create_table(
        "planning_center_integrations",
        _tenant(),
        _text("id", nullable=False),
        _text("organization_id", nullable=False),
        _text("access_token", nullable=False),
        _text("refresh_token"),
        _moment("expires_at"),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("member_sync_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("service_sync_enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("sync_status", sa.Text(), server_default="pending", nullable=False),
        _moment("last_sync_at"),
        _text("error_message"),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_planning_center_integrations")),
        schema="tenant",
    )
    op.create_index(
        op.f("ix_planning_center_integrations_is_enabled"),
        "planning_center_integrations",
        ["tenant_id", "is_enabled"],
        schema="tenant",
    )
    op.create_index(
        op.f("ix_planning_center_integrations_last_sync_at"),
        "planning_center_integrations",
        ["tenant_id", "last_sync_at"],
        schema="tenant",
    )
    op.create_index(
        op.f("ix_planning_center_integrations_sync_status"),
        "planning_center_integrations",
        ["tenant_id", "sync_status"],
        schema="tenant",
    )


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        _tenant(),
        _text("id", nullable=False),
        _text("stripe_sub_id"),
        sa.Column("plan", sa.Text(), server_default="starter", nullable=False),
        sa.Column("billing_cycle", sa.Text(), server_default="monthly", nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        _moment("current_period_start"),
        _moment("current_period_end"),
        _moment("cancelled_at"),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("tenant_id", "stripe_sub_id", name=op.f("uq_subscriptions_stripe_sub_id")),
        schema="tenant",
    )
    op.create_index(
        op.f("ix_subscriptions_billing_cycle"), "subscriptions", ["tenant_id", "billing_cycle"], schema="tenant"
    )
    op.create_index(op.f("ix_subscriptions_plan"), "subscriptions", ["tenant_id", "plan"], schema="tenant")
    op.create_index(op.f("ix_subscriptions_status"), "subscriptions", ["tenant_id", "status"], schema="tenant")
