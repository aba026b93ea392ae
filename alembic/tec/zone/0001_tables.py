"""The tables of the service zone, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "zone_0001"
down_revision = None
branch_labels = ("zone",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("zone")
    _enterprises()
    _deployments()
    _licenses()
    _solutions()
    _regions()


def downgrade() -> None:
    foreign_keys.loosen("zone")
    op.drop_table("regions", schema="zone")
    op.drop_table("solutions", schema="zone")
    op.drop_table("licenses", schema="zone")
    op.drop_table("deployments", schema="zone")
    op.drop_table("enterprises", schema="zone")
    ddl.end_service("zone")


def _enterprises() -> None:
    op.create_table(
        "enterprises",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("location", postgresql.JSONB(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="OPERATIONAL", nullable=False),
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
        schema="zone",
    )
    op.create_index(op.f("ix_enterprises_status"), "enterprises", ["status"], schema="zone")
    op.create_index(op.f("ix_enterprises_type"), "enterprises", ["type"], schema="zone")


def _deployments() -> None:
    op.create_table(
        "deployments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("config", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column(
            "deployed_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
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
            ["enterprise_id"], ["zone.enterprises.id"], name=op.f("fk_deployments_enterprise_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployments")),
        schema="zone",
    )
    op.create_index(op.f("ix_deployments_enterprise_id"), "deployments", ["enterprise_id"], schema="zone")
    op.create_index(op.f("ix_deployments_environment"), "deployments", ["environment"], schema="zone")


def _licenses() -> None:
    op.create_table(
        "licenses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Text(), nullable=False),
        sa.Column("license_key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("regions", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("features", postgresql.JSONB(), nullable=False),
        sa.Column(
            "issued_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expiry_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("status", sa.Text(), server_default="VALID", nullable=False),
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
            ["enterprise_id"], ["zone.enterprises.id"], name=op.f("fk_licenses_enterprise_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licenses")),
        sa.UniqueConstraint("license_key", name=op.f("uq_licenses_license_key")),
        schema="zone",
    )
    op.create_index(op.f("ix_licenses_enterprise_id"), "licenses", ["enterprise_id"], schema="zone")
    op.create_index(op.f("ix_licenses_status"), "licenses", ["status"], schema="zone")
    op.create_index(op.f("ix_licenses_type"), "licenses", ["type"], schema="zone")


def _solutions() -> None:
    op.create_table(
        "solutions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
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
            ["enterprise_id"], ["zone.enterprises.id"], name=op.f("fk_solutions_enterprise_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_solutions")),
        schema="zone",
    )
    op.create_index(op.f("ix_solutions_category"), "solutions", ["category"], schema="zone")
    op.create_index(op.f("ix_solutions_enterprise_id"), "solutions", ["enterprise_id"], schema="zone")


def _regions() -> None:
    op.create_table(
        "regions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=True),
        sa.Column("solution_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("location", postgresql.JSONB(), nullable=False),
        sa.Column("capacity", postgresql.JSONB(), nullable=True),
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
            ["deployment_id"], ["zone.deployments.id"], name=op.f("fk_regions_deployment_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["solution_id"], ["zone.solutions.id"], name=op.f("fk_regions_solution_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regions")),
        sa.UniqueConstraint("code", name=op.f("uq_regions_code")),
        schema="zone",
    )
    op.create_index(op.f("ix_regions_country"), "regions", ["country"], schema="zone")
    op.create_index(op.f("ix_regions_deployment_id"), "regions", ["deployment_id"], schema="zone")
    op.create_index(op.f("ix_regions_solution_id"), "regions", ["solution_id"], schema="zone")
