"""The tables of the service titan, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "titan_0001"
down_revision = None
branch_labels = ("titan",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("titan")
    _enterprises()
    _licenses()
    _solutions()
    _deployments()
    _regions()


def downgrade() -> None:
    foreign_keys.loosen("titan")
    op.drop_table("regions", schema="titan")
    op.drop_table("deployments", schema="titan")
    op.drop_table("solutions", schema="titan")
    op.drop_table("licenses", schema="titan")
    op.drop_table("enterprises", schema="titan")
    ddl.end_service("titan")


def _enterprises() -> None:
    op.create_table(
        "enterprises",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("size", sa.Text(), nullable=False),
        sa.Column("address", postgresql.JSONB(), nullable=True),
        sa.Column("contact_info", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprises")),
        schema="titan",
    )
    op.create_index(op.f("ix_enterprises_industry"), "enterprises", ["industry"], schema="titan")
    op.create_index(op.f("ix_enterprises_size"), "enterprises", ["size"], schema="titan")
    op.create_index(op.f("ix_enterprises_status"), "enterprises", ["status"], schema="titan")


def _licenses() -> None:
    op.create_table(
        "licenses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Text(), nullable=False),
        sa.Column("license_key", sa.Text(), nullable=False),
        sa.Column("license_type", sa.Text(), nullable=False),
        sa.Column("users", sa.Integer(), nullable=True),
        sa.Column("domains", sa.Integer(), nullable=True),
        sa.Column("features", postgresql.JSONB(), nullable=False),
        sa.Column(
            "valid_from",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("valid_until", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
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
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["titan.enterprises.id"], name=op.f("fk_licenses_enterprise_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licenses")),
        sa.UniqueConstraint("license_key", name=op.f("uq_licenses_license_key")),
        schema="titan",
    )
    op.create_index(op.f("ix_licenses_enterprise_id"), "licenses", ["enterprise_id"], schema="titan")
    op.create_index(op.f("ix_licenses_license_type"), "licenses", ["license_type"], schema="titan")
    op.create_index(op.f("ix_licenses_status"), "licenses", ["status"], schema="titan")


def _solutions() -> None:
    op.create_table(
        "solutions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("pricing", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default="AVAILABLE", nullable=False),
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
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["titan.enterprises.id"], name=op.f("fk_solutions_enterprise_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_solutions")),
        schema="titan",
    )
    op.create_index(op.f("ix_solutions_enterprise_id"), "solutions", ["enterprise_id"], schema="titan")
    op.create_index(op.f("ix_solutions_type"), "solutions", ["type"], schema="titan")


def _deployments() -> None:
    op.create_table(
        "deployments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Text(), nullable=False),
        sa.Column("solution_id", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("config", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default="DEPLOYING", nullable=False),
        sa.Column("deployed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("last_updated_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["titan.enterprises.id"], name=op.f("fk_deployments_enterprise_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["solution_id"], ["titan.solutions.id"], name=op.f("fk_deployments_solution_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployments")),
        schema="titan",
    )
    op.create_index(op.f("ix_deployments_enterprise_id"), "deployments", ["enterprise_id"], schema="titan")
    op.create_index(op.f("ix_deployments_environment"), "deployments", ["environment"], schema="titan")
    op.create_index(op.f("ix_deployments_solution_id"), "deployments", ["solution_id"], schema="titan")


def _regions() -> None:
    op.create_table(
        "regions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("location", postgresql.JSONB(), nullable=False),
        sa.Column("capacity", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
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
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["titan.deployments.id"], name=op.f("fk_regions_deployment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regions")),
        schema="titan",
    )
    op.create_index(op.f("ix_regions_code"), "regions", ["code"], schema="titan")
    op.create_index(op.f("ix_regions_deployment_id"), "regions", ["deployment_id"], schema="titan")
