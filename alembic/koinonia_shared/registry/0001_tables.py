"""The tables of the registry, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "registry_0001"
down_revision = None
branch_labels = ("registry",)
depends_on = None

TABLES = (  # parents first
    "churches",
    "tenants",
    "phone_number_registry",
    "admin_email_index",
)


def upgrade() -> None:
    ddl.begin_service("registry")
    _churches()
    _tenants()
    _phone_number_registry()
    _admin_email_index()


def downgrade() -> None:
    foreign_keys.loosen("registry")
    for table in reversed(TABLES):
        op.drop_table(table, schema="registry")
    ddl.end_service("registry")


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True, precision=3), nullable=nullable)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, postgresql.TIMESTAMP(timezone=True, precision=3), server_default=sa.text("now()"), nullable=False
    )


def _churches() -> None:
    op.create_table(
        "churches",
        _text("id", nullable=False),
        _text("name", nullable=False),
        _text("email", nullable=False),
        _text("stripe_customer_id"),
        _text("telnyx_phone_number"),
        _text("telnyx_number_sid"),
        _text("telnyx_webhook_id"),
        sa.Column("telnyx_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _moment("telnyx_purchased_at"),
        sa.Column("telnyx_phone_linking_status", sa.Text(), server_default="pending", nullable=False),
        _moment("telnyx_phone_linking_last_attempt"),
        sa.Column("telnyx_phone_linking_retry_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _text("telnyx_phone_linking_error"),
        sa.Column("telnyx_number_status", sa.Text(), server_default="active", nullable=False),
        _moment("telnyx_number_deleted_at"),
        _text("telnyx_number_deleted_by"),
        _moment("telnyx_number_recovery_deadline"),
        _text("rcs_agent_id"),
        sa.Column("rcs_agent_webhook_configured", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _text("dlc_brand_id"),
        _text("tcr_brand_id"),
        sa.Column("dlc_status", sa.Text(), server_default="pending", nullable=False),
        _moment("dlc_registered_at"),
        _moment("dlc_approved_at"),
        _text("dlc_rejection_reason"),
        _moment("dlc_next_check_at"),
        _text("dlc_campaign_id"),
        _text("dlc_campaign_status"),
        _moment("dlc_number_assigned_at"),
        sa.Column("dlc_campaign_suspended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _moment("dlc_campaign_suspended_at"),
        _text("dlc_campaign_suspended_reason"),
        sa.Column("using_shared_brand", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("wants_premium_delivery", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("delivery_rate", sa.Double(), server_default=sa.text("0.99"), nullable=False),
        _text("ein"),
        _text("ein_hash"),
        _moment("ein_encrypted_at"),
        _moment("ein_accessed_at"),
        _text("ein_accessed_by"),
        _text("brand_phone_number"),
        _text("street_address"),
        _text("city"),
        _text("state"),
        _text("postal_code"),
        _text("website"),
        sa.Column("entity_type", sa.Text(), server_default="NON_PROFIT", nullable=False),
        sa.Column("vertical", sa.Text(), server_default="RELIGION", nullable=False),
        _moment("trial_ends_at", nullable=False),
        sa.Column("subscription_status", sa.Text(), server_default="trial", nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_churches")),
        sa.UniqueConstraint("email", name=op.f("uq_churches_email")),
        sa.UniqueConstraint("stripe_customer_id", name=op.f("uq_churches_stripe_customer_id")),
        sa.UniqueConstraint("telnyx_number_sid", name=op.f("uq_churches_telnyx_number_sid")),
        schema="registry",
    )
    op.create_index(op.f("ix_churches_dlc_next_check_at"), "churches", ["dlc_next_check_at"], schema="registry")
    op.create_index(op.f("ix_churches_dlc_status"), "churches", ["dlc_status"], schema="registry")
    op.create_index(op.f("ix_churches_subscription_status"), "churches", ["subscription_status"], schema="registry")
    op.create_index(
        op.f("ix_churches_telnyx_number_recovery_deadline"),
        "churches",
        ["telnyx_number_recovery_deadline"],
        schema="registry",
    )
    op.create_index(op.f("ix_churches_telnyx_number_status"), "churches", ["telnyx_number_status"], schema="registry")
    op.create_index(
        op.f("ix_churches_telnyx_phone_linking_status"), "churches", ["telnyx_phone_linking_status"], schema="registry"
    )
    op.create_index(op.f("ix_churches_telnyx_phone_number"), "churches", ["telnyx_phone_number"], schema="registry")
    op.create_index(op.f("ix_churches_trial_ends_at"), "churches", ["trial_ends_at"], schema="registry")


def _tenants() -> None:
    op.create_table(
        "tenants",
        _text("id", nullable=False),
        _text("church_id", nullable=False),
        _text("name", nullable=False),
        _text("email", nullable=False),
        _text("database_url"),
        _text("database_host"),
        sa.Column("database_port", sa.Integer(), server_default=sa.text("5432"), nullable=False),
        _text("database_name"),
        _text("schema"),
        sa.Column("subscription_status", sa.Text(), server_default="trial", nullable=False),
        sa.Column("subscription_plan", sa.Text(), server_default="starter", nullable=False),
        _moment("trial_ends_at"),
        _text("telnyx_phone_number"),
        _text("telnyx_number_sid"),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("schema_version", sa.Text(), server_default="1.0.0", nullable=False),
        _now("created_at"),
        _now("updated_at"),
        _now("last_accessed_at"),
        sa.ForeignKeyConstraint(
            ["church_id"], ["registry.churches.id"], name=op.f("fk_tenants_church_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("church_id", name=op.f("uq_tenants_church_id")),
        sa.UniqueConstraint("email", name=op.f("uq_tenants_email")),
        sa.UniqueConstraint("telnyx_number_sid", name=op.f("uq_tenants_telnyx_number_sid")),
        sa.UniqueConstraint("telnyx_phone_number", name=op.f("uq_tenants_telnyx_phone_number")),
        schema="registry",
    )
    op.create_index(op.f("ix_tenants_created_at"), "tenants", ["created_at"], schema="registry")
    op.create_index(op.f("ix_tenants_status"), "tenants", ["status"], schema="registry")
    op.create_index(op.f("ix_tenants_subscription_plan"), "tenants", ["subscription_plan"], schema="registry")


def _phone_number_registry() -> None:
    op.create_table(
        "phone_number_registry",
        _text("id", nullable=False),
        _text("phone_number", nullable=False),
        _text("tenant_id", nullable=False),
        _now("registered_at"),
        _now("assigned_at"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["registry.tenants.id"], name=op.f("fk_phone_number_registry_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_number_registry")),
        sa.UniqueConstraint("phone_number", name=op.f("uq_phone_number_registry_phone_number")),
        schema="registry",
    )
    op.create_index(
        op.f("ix_phone_number_registry_registered_at"), "phone_number_registry", ["registered_at"], schema="registry"
    )
    op.create_index(
        op.f("ix_phone_number_registry_tenant_id"), "phone_number_registry", ["tenant_id"], schema="registry"
    )


def _admin_email_index() -> None:
    op.create_table(
        "admin_email_index",
        _text("id", nullable=False),
        _text("email_hash", nullable=False),
        _text("email", nullable=False),
        _text("tenant_id", nullable=False),
        _text("admin_id", nullable=False),
        _now("created_at"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["registry.tenants.id"], name=op.f("fk_admin_email_index_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_email_index")),
        sa.UniqueConstraint("email", name=op.f("uq_admin_email_index_email")),
        sa.UniqueConstraint("email_hash", name=op.f("uq_admin_email_index_email_hash")),
        schema="registry",
    )
    op.create_index(
        op.f("ix_admin_email_index_tenant_id_admin_id"),
        "admin_email_index",
        ["tenant_id", "admin_id"],
        schema="registry",
    )
