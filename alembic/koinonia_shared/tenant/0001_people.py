"""The tables of a church's people, and of who runs its account, with their schema, which all tenants share."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys, row_security

revision = "tenant_0001"
down_revision = None
branch_labels = ("tenant",)
depends_on = None

TABLES = (  # parents first
    "admins",
    "branches",
    "consent_logs",
    "members",
    "mfa_recovery_codes",
    "admin_mfa",
)


def upgrade() -> None:
    ddl.begin_service("tenant")
    _admins()
    _branches()
    _consent_logs()
    _members()
    _mfa_recovery_codes()
    _admin_mfa()
    for table in TABLES:
        row_security.enable(table)


def downgrade() -> None:
    foreign_keys.loosen("tenant")
    for table in reversed(TABLES):
        op.drop_table(table, schema="tenant")
    ddl.end_service("tenant")


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


def _admins() -> None:
    op.create_table(
        "admins",
        _tenant(),
        _text("id", nullable=False),
        _text("email", nullable=False),
        _text("encrypted_email"),
        _text("email_hash"),
        _text("password_hash", nullable=False),
        _text("first_name", nullable=False),
        _text("last_name", nullable=False),
        sa.Column("role", sa.Text(), server_default="CO_ADMIN", nullable=False),
        _text("invitation_token"),
        _moment("invitation_expires_at"),
        _moment("last_login_at"),
        sa.Column("welcome_completed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _text("user_role"),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_admins")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("uq_admins_email")),
        schema="tenant",
    )
    op.create_index(op.f("ix_admins_email_hash"), "admins", ["tenant_id", "email_hash"], schema="tenant")
    op.create_index(op.f("ix_admins_role"), "admins", ["tenant_id", "role"], schema="tenant")


def _branches() -> None:
    op.create_table(
        "branches",
        _tenant(),
        _text("id", nullable=False),
        _text("name", nullable=False),
        _text("address"),
        _text("phone"),
        _text("description"),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_branches")),
        schema="tenant",
    )
    op.create_index(op.f("ix_branches_is_active"), "branches", ["tenant_id", "is_active"], schema="tenant")


def _consent_logs() -> None:
    op.create_table(
        "consent_logs",
        _tenant(),
        _text("id", nullable=False),
        _text("member_id"),
        _text("admin_id"),
        _text("type", nullable=False),
        _text("status", nullable=False),
        _text("reason"),
        _text("source", nullable=False),
        _now("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_consent_logs")),
        schema="tenant",
    )
    op.create_index(op.f("ix_consent_logs_admin_id"), "consent_logs", ["tenant_id", "admin_id"], schema="tenant")
    op.create_index(op.f("ix_consent_logs_created_at"), "consent_logs", ["tenant_id", "created_at"], schema="tenant")
    op.create_index(op.f("ix_consent_logs_member_id"), "consent_logs", ["tenant_id", "member_id"], schema="tenant")
    op.create_index(op.f("ix_consent_logs_type"), "consent_logs", ["tenant_id", "type"], schema="tenant")


def _members() -> None:
    op.create_table(
        "members",
        _tenant(),
        _text("id", nullable=False),
        _text("first_name", nullable=False),
        _text("last_name", nullable=False),
        _text("phone", nullable=False),
        _text("phone_hash"),
        _text("email"),
        _text("encrypted_email"),
        _text("email_hash"),
        sa.Column("opt_in_sms", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_members")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("uq_members_email")),
        schema="tenant",
    )
    op.create_index(op.f("ix_members_created_at"), "members", ["tenant_id", "created_at"], schema="tenant")
    op.create_index(op.f("ix_members_email_hash"), "members", ["tenant_id", "email_hash"], schema="tenant")
    op.create_index(
        op.f("ix_members_first_name_last_name"), "members", ["tenant_id", "first_name", "last_name"], schema="tenant"
    )
    op.create_index(op.f("ix_members_phone_hash"), "members", ["tenant_id", "phone_hash"], schema="tenant")


def _mfa_recovery_codes() -> None:
    op.create_table(
        "mfa_recovery_codes",
        _tenant(),
        _text("id", nullable=False),
        _text("admin_id", nullable=False),
        _text("code", nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _moment("used_at"),
        _now("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_mfa_recovery_codes")),
        sa.UniqueConstraint("tenant_id", "admin_id", "position", name=op.f("uq_mfa_recovery_codes_admin_id_position")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_mfa_recovery_codes_code")),
        schema="tenant",
    )
    op.create_index(
        op.f("ix_mfa_recovery_codes_used_at"), "mfa_recovery_codes", ["tenant_id", "used_at"], schema="tenant"
    )


def _admin_mfa() -> None:
    op.create_table(
        "admin_mfa",
        _tenant(),
        _text("id", nullable=False),
        _text("admin_id", nullable=False),
        _text("totp_secret", nullable=False),
        sa.Column("mfa_enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("backup_codes_used", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=True),
        _moment("enabled_at"),
        _moment("disabled_at"),
        _moment("last_verified_at"),
        _now("created_at"),
        _now("updated_at"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "admin_id"],
            ["tenant.admins.tenant_id", "tenant.admins.id"],
            name=op.f("fk_admin_mfa_admin_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_admin_mfa")),
        sa.UniqueConstraint("tenant_id", "admin_id", name=op.f("uq_admin_mfa_admin_id")),
        schema="tenant",
    )
    op.create_index(op.f("ix_admin_mfa_mfa_enabled"), "admin_mfa", ["tenant_id", "mfa_enabled"], schema="tenant")
