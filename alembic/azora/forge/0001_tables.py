"""The tables of the service forge, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "forge_0001"
down_revision = None
branch_labels = ("forge",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("forge")
    _jobs()
    _applications()
    _contracts()
    _skill_profiles()
    _disputes()
    _milestones()


def downgrade() -> None:
    foreign_keys.loosen("forge")
    op.drop_table("milestones", schema="forge")
    op.drop_table("disputes", schema="forge")
    op.drop_table("skill_profiles", schema="forge")
    op.drop_table("contracts", schema="forge")
    op.drop_table("applications", schema="forge")
    op.drop_table("jobs", schema="forge")
    ddl.end_service("forge")


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("budget", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("currency", sa.Text(), server_default="AZR", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("deadline", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        schema="forge",
    )
    op.create_index(op.f("ix_jobs_category"), "jobs", ["category"], schema="forge")
    op.create_index(op.f("ix_jobs_employer_id"), "jobs", ["employer_id"], schema="forge")
    op.create_index(op.f("ix_jobs_status"), "jobs", ["status"], schema="forge")


def _applications() -> None:
    op.create_table(
        "applications",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("freelancer_id", sa.Text(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("bid_amount", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["forge.jobs.id"], name=op.f("fk_applications_job_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
        schema="forge",
    )
    op.create_index(op.f("ix_applications_freelancer_id"), "applications", ["freelancer_id"], schema="forge")
    op.create_index(op.f("ix_applications_job_id"), "applications", ["job_id"], schema="forge")
    op.create_index(op.f("ix_applications_status"), "applications", ["status"], schema="forge")


def _contracts() -> None:
    op.create_table(
        "contracts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("freelancer_id", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column(
            "start_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("end_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("escrow_id", sa.Text(), nullable=True),
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
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["forge.jobs.id"], name=op.f("fk_contracts_job_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        schema="forge",
    )
    op.create_index(op.f("ix_contracts_employer_id"), "contracts", ["employer_id"], schema="forge")
    op.create_index(op.f("ix_contracts_freelancer_id"), "contracts", ["freelancer_id"], schema="forge")
    op.create_index(op.f("ix_contracts_job_id"), "contracts", ["job_id"], schema="forge")
    op.create_index(op.f("ix_contracts_status"), "contracts", ["status"], schema="forge")


def _skill_profiles() -> None:
    op.create_table(
        "skill_profiles",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("rating", sa.Numeric(precision=3, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("jobs_completed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_earned", sa.Numeric(precision=18, scale=8), server_default=sa.text("0"), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill_profiles")),
        sa.UniqueConstraint("user_id", name=op.f("uq_skill_profiles_user_id")),
        schema="forge",
    )


def _disputes() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Text(), nullable=False),
        sa.Column("raised_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("resolved_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["forge.contracts.id"], name=op.f("fk_disputes_contract_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        schema="forge",
    )
    op.create_index(op.f("ix_disputes_contract_id"), "disputes", ["contract_id"], schema="forge")
    op.create_index(op.f("ix_disputes_raised_by"), "disputes", ["raised_by"], schema="forge")
    op.create_index(op.f("ix_disputes_status"), "disputes", ["status"], schema="forge")


def _milestones() -> None:
    op.create_table(
        "milestones",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("due_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["forge.contracts.id"], name=op.f("fk_milestones_contract_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestones")),
        schema="forge",
    )
    op.create_index(op.f("ix_milestones_contract_id"), "milestones", ["contract_id"], schema="forge")
    op.create_index(op.f("ix_milestones_status"), "milestones", ["status"], schema="forge")
