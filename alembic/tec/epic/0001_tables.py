"""The tables of the service epic, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "epic_0001"
down_revision = None
branch_labels = ("epic",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("epic")
    _memberships()
    _privileges()
    _tiers()
    _accesses()
    _benefits()


def downgrade() -> None:
    foreign_keys.loosen("epic")
    op.drop_table("benefits", schema="epic")
    op.drop_table("accesses", schema="epic")
    op.drop_table("tiers", schema="epic")
    op.drop_table("privileges", schema="epic")
    op.drop_table("memberships", schema="epic")
    ddl.end_service("epic")


def _memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), server_default="EPIC", nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column(
            "start_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("end_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("renewal_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
        schema="epic",
    )
    op.create_index(op.f("ix_memberships_status"), "memberships", ["status"], schema="epic")
    op.create_index(op.f("ix_memberships_tier"), "memberships", ["tier"], schema="epic")


def _privileges() -> None:
    op.create_table(
        "privileges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("required_tier", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privileges")),
        sa.UniqueConstraint("code", name=op.f("uq_privileges_code")),
        schema="epic",
    )
    op.create_index(op.f("ix_privileges_category"), "privileges", ["category"], schema="epic")
    op.create_index(op.f("ix_privileges_required_tier"), "privileges", ["required_tier"], schema="epic")


def _tiers() -> None:
    op.create_table(
        "tiers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("features", postgresql.JSONB(), nullable=False),
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
        schema="epic",
    )


def _accesses() -> None:
    op.create_table(
        "accesses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("membership_id", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column(
            "granted_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["epic.memberships.id"], name=op.f("fk_accesses_membership_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accesses")),
        schema="epic",
    )
    op.create_index(op.f("ix_accesses_membership_id"), "accesses", ["membership_id"], schema="epic")
    op.create_index(op.f("ix_accesses_resource_type"), "accesses", ["resource_type"], schema="epic")


def _benefits() -> None:
    op.create_table(
        "benefits",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("membership_id", sa.Text(), nullable=False),
        sa.Column("benefit_type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["epic.memberships.id"], name=op.f("fk_benefits_membership_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_benefits")),
        schema="epic",
    )
    op.create_index(op.f("ix_benefits_benefit_type"), "benefits", ["benefit_type"], schema="epic")
    op.create_index(op.f("ix_benefits_membership_id"), "benefits", ["membership_id"], schema="epic")
