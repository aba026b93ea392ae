"""The tables of a church's people, and of who runs its account, with their schema: the same for each tenant."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

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
    schema = ddl.schema_of("tenant")
    ddl.begin_service(schema)
    _admins(schema)
    _branches(schema)
    _consent_logs(schema)
    _members(schema)
    _mfa_recovery_codes(schema)
    _admin_mfa(schema)


def downgrade() -> None:
    schema = ddl.schema_of("tenant")
    foreign_keys.loosen(schema)
    for table in reversed(TABLES):
        op.drop_table(table, schema=schema)
    ddl.end_service(schema)


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True, precision=3), nullable=nullable)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, postgresql.TIMESTAMP(timezone=True, precision=3), server_default=sa.text("now()"), nullable=False
    )


def _admins(schema: str) -> None:
    op.create_table(
        "admins",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admins")),
        sa.UniqueConstraint("email", name=op.f("uq_admins_email")),
        schema=schema,
    )
    op.create_index(op.f("ix_admins_email_hash"), "admins", ["email_hash"], schema=schema)
    op.create_index(op.f("ix_admins_role"), "admins", ["role"], schema=schema)


def _branches(schema: str) -> None:
    op.create_table(
        "branches",
        _text("id", nullable=False),
        _text("name", nullable=False),
        _text("address"),
        _text("phone"),
        _text("description"),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branches")),
        schema=schema,
    )
    op.create_index(op.f("ix_branches_is_active"), "branches", ["is_active"], schema=schema)


def _consent_logs(schema: str) -> None:
    op.create_table(
        "consent_logs",
        _text("id", nullable=False),
        _text("member_id"),
        _text("admin_id"),
        _text("type", nullable=False),
        _text("status", nullable=False),
        _text("reason"),
        _text("source", nullable=False),
        _now("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_logs")),
        schema=schema,
    )
    op.create_index(op.f("ix_consent_logs_admin_id"), "consent_logs", ["admin_id"], schema=schema)
    op.create_index(op.f("ix_consent_logs_created_at"), "consent_logs", ["created_at"], schema=schema)
    op.create_index(op.f("ix_consent_logs_member_id"), "consent_logs", ["member_id"], schema=schema)
    op.create_index(op.f("ix_consent_logs_type"), "consent_logs", ["type"], schema=schema)


def _members(schema: str) -> None:
    op.create_table(
        "members",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("email", name=op.f("uq_members_email")),
        schema=schema,
    )
    op.create_index(op.f("ix_members_created_at"), "members", ["created_at"], schema=schema)
    op.create_index(op.f("ix_members_email_hash"), "members", ["email_hash"], schema=schema)
    op.create_index(op.f("ix_members_first_name_last_name"), "members", ["first_name", "last_name"], schema=schema)
    op.create_index(op.f("ix_members_phone_hash"), "members", ["phone_hash"], schema=schema)


def _mfa_recovery_codes(schema: str) -> None:
    op.create_table(
        "mfa_recovery_codes",
        _text("id", nullable=False),
        _text("admin_id", nullable=False),
        _text("code", nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _moment("used_at"),
        _now("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_recovery_codes")),
        sa.UniqueConstraint("admin_id", "position", name=op.f("uq_mfa_recovery_codes_admin_id_position")),
        sa.UniqueConstraint("code", name=op.f("uq_mfa_recovery_codes_code")),
        schema=schema,
    )
    op.create_index(op.f("ix_mfa_recovery_codes_used_at"), "mfa_recovery_codes", ["used_at"], schema=schema)


def _admin_mfa(schema: str) -> None:
    op.create_table(
        "admin_mfa",
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
            ["admin_id"], [f"{schema}.admins.id"], name=op.f("fk_admin_mfa_admin_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_mfa")),
        sa.UniqueConstraint("admin_id", name=op.f("uq_admin_mfa_admin_id")),
        schema=schema,
    )
    op.create_index(op.f("ix_admin_mfa_mfa_enabled"), "admin_mfa", ["mfa_enabled"], schema=schema)
