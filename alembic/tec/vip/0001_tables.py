"""The tables of the service vip, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "vip_0001"
down_revision = None
branch_labels = ("vip",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("vip")
    _memberships()
    _privileges()
    _tiers()
    _accesses()
    _benefits()


def downgrade() -> None:
    foreign_keys.loosen("vip")
    op.drop_table("benefits", schema="vip")
    op.drop_table("accesses", schema="vip")
    op.drop_table("tiers", schema="vip")
    op.drop_table("privileges", schema="vip")
    op.drop_table("memberships", schema="vip")
    ddl.end_service("vip")


def _memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), server_default="VIP", nullable=False),
        sa.Column("level", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("points", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "start_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expiry_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("user_id", name=op.f("uq_memberships_user_id")),
        schema="vip",
    )
    op.create_index(op.f("ix_memberships_level"), "memberships", ["level"], schema="vip")
    op.create_index(op.f("ix_memberships_status"), "memberships", ["status"], schema="vip")


def _privileges() -> None:
    op.create_table(
        "privileges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("min_level", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privileges")),
        sa.UniqueConstraint("code", name=op.f("uq_privileges_code")),
        schema="vip",
    )
    op.create_index(op.f("ix_privileges_min_level"), "privileges", ["min_level"], schema="vip")
    op.create_index(op.f("ix_privileges_type"), "privileges", ["type"], schema="vip")


def _tiers() -> None:
    op.create_table(
        "tiers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("perks", postgresql.JSONB(), nullable=False),
        sa.Column("points_required", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tiers")),
        sa.UniqueConstraint("level", name=op.f("uq_tiers_level")),
        sa.UniqueConstraint("name", name=op.f("uq_tiers_name")),
        schema="vip",
    )


def _accesses() -> None:
    op.create_table(
        "accesses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("membership_id", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("facility_type", sa.Text(), nullable=False),
        sa.Column(
            "access_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["vip.memberships.id"], name=op.f("fk_accesses_membership_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accesses")),
        schema="vip",
    )
    op.create_index(op.f("ix_accesses_facility_type"), "accesses", ["facility_type"], schema="vip")
    op.create_index(op.f("ix_accesses_membership_id"), "accesses", ["membership_id"], schema="vip")


def _benefits() -> None:
    op.create_table(
        "benefits",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("membership_id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=True),
        sa.Column("used", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("valid_until", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["vip.memberships.id"], name=op.f("fk_benefits_membership_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_benefits")),
        schema="vip",
    )
    op.create_index(op.f("ix_benefits_category"), "benefits", ["category"], schema="vip")
    op.create_index(op.f("ix_benefits_membership_id"), "benefits", ["membership_id"], schema="vip")
