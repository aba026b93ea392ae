"""The tables of the service legend, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "legend_0001"
down_revision = None
branch_labels = ("legend",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("legend")
    _memberships()
    _privileges()
    _tiers()
    _accesses()
    _benefits()


def downgrade() -> None:
    foreign_keys.loosen("legend")
    op.drop_table("benefits", schema="legend")
    op.drop_table("accesses", schema="legend")
    op.drop_table("tiers", schema="legend")
    op.drop_table("privileges", schema="legend")
    op.drop_table("memberships", schema="legend")
    ddl.end_service("legend")


def _memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), server_default="LEGEND", nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column(
            "start_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("end_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("auto_renew", sa.Boolean(), server_default=sa.text("true"), nullable=False),
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
        schema="legend",
    )
    op.create_index(op.f("ix_memberships_status"), "memberships", ["status"], schema="legend")


def _privileges() -> None:
    op.create_table(
        "privileges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("min_tier", sa.Text(), nullable=False),
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
        schema="legend",
    )
    op.create_index(op.f("ix_privileges_category"), "privileges", ["category"], schema="legend")


def _tiers() -> None:
    op.create_table(
        "tiers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("annual_price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("monthly_price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("perks", postgresql.JSONB(), nullable=False),
        sa.Column("is_available", sa.Boolean(), server_default=sa.text("true"), nullable=False),
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
        sa.UniqueConstraint("name", name=op.f("uq_tiers_name")),
        sa.UniqueConstraint("rank", name=op.f("uq_tiers_rank")),
        schema="legend",
    )


def _accesses() -> None:
    op.create_table(
        "accesses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("membership_id", sa.Text(), nullable=False),
        sa.Column("resource_name", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("access_level", sa.Text(), nullable=False),
        sa.Column(
            "granted_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["legend.memberships.id"], name=op.f("fk_accesses_membership_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accesses")),
        schema="legend",
    )
    op.create_index(op.f("ix_accesses_membership_id"), "accesses", ["membership_id"], schema="legend")
    op.create_index(op.f("ix_accesses_resource_type"), "accesses", ["resource_type"], schema="legend")


def _benefits() -> None:
    op.create_table(
        "benefits",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("membership_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("is_unlimited", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("usage_limit", sa.Integer(), nullable=True),
        sa.Column("usage_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["legend.memberships.id"], name=op.f("fk_benefits_membership_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_benefits")),
        schema="legend",
    )
    op.create_index(op.f("ix_benefits_membership_id"), "benefits", ["membership_id"], schema="legend")
    op.create_index(op.f("ix_benefits_type"), "benefits", ["type"], schema="legend")
