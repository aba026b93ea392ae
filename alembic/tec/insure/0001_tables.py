"""The tables of the service insure, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "insure_0001"
down_revision = None
branch_labels = ("insure",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("insure")
    _policies()
    _beneficiaries()
    _claims()
    _coverages()
    _premiums()


def downgrade() -> None:
    foreign_keys.loosen("insure")
    op.drop_table("premiums", schema="insure")
    op.drop_table("coverages", schema="insure")
    op.drop_table("claims", schema="insure")
    op.drop_table("beneficiaries", schema="insure")
    op.drop_table("policies", schema="insure")
    ddl.end_service("insure")


def _policies() -> None:
    op.create_table(
        "policies",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("policy_number", sa.Text(), nullable=False),
        sa.Column("policy_type", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("premium", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("coverage", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("start_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("end_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint("policy_number", name=op.f("uq_policies_policy_number")),
        schema="insure",
    )
    op.create_index(op.f("ix_policies_policy_type"), "policies", ["policy_type"], schema="insure")
    op.create_index(op.f("ix_policies_status"), "policies", ["status"], schema="insure")
    op.create_index(op.f("ix_policies_user_id"), "policies", ["user_id"], schema="insure")


def _beneficiaries() -> None:
    op.create_table(
        "beneficiaries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("relationship", sa.Text(), nullable=False),
        sa.Column("percentage", sa.Double(), nullable=False),
        sa.Column("contact_info", postgresql.JSONB(), nullable=True),
        sa.Column("is_primary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
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
            ["policy_id"], ["insure.policies.id"], name=op.f("fk_beneficiaries_policy_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_beneficiaries")),
        schema="insure",
    )
    op.create_index(op.f("ix_beneficiaries_policy_id"), "beneficiaries", ["policy_id"], schema="insure")


def _claims() -> None:
    op.create_table(
        "claims",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("claim_number", sa.Text(), nullable=False),
        sa.Column("claim_type", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("approved_amount", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("incident_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column(
            "filed_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("settled_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=True),
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
            ["policy_id"], ["insure.policies.id"], name=op.f("fk_claims_policy_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
        sa.UniqueConstraint("claim_number", name=op.f("uq_claims_claim_number")),
        schema="insure",
    )
    op.create_index(op.f("ix_claims_policy_id"), "claims", ["policy_id"], schema="insure")
    op.create_index(op.f("ix_claims_status"), "claims", ["status"], schema="insure")


def _coverages() -> None:
    op.create_table(
        "coverages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("coverage_type", sa.Text(), nullable=False),
        sa.Column("coverage_limit", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("deductible", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("copay", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
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
        sa.ForeignKeyConstraint(
            ["policy_id"], ["insure.policies.id"], name=op.f("fk_coverages_policy_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverages")),
        schema="insure",
    )
    op.create_index(op.f("ix_coverages_coverage_type"), "coverages", ["coverage_type"], schema="insure")
    op.create_index(op.f("ix_coverages_policy_id"), "coverages", ["policy_id"], schema="insure")


def _premiums() -> None:
    op.create_table(
        "premiums",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("due_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("paid_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("payment_method", sa.Text(), nullable=True),
        sa.Column("transaction_id", sa.Text(), nullable=True),
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
            ["policy_id"], ["insure.policies.id"], name=op.f("fk_premiums_policy_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_premiums")),
        schema="insure",
    )
    op.create_index(op.f("ix_premiums_due_date"), "premiums", ["due_date"], schema="insure")
    op.create_index(op.f("ix_premiums_policy_id"), "premiums", ["policy_id"], schema="insure")
    op.create_index(op.f("ix_premiums_status"), "premiums", ["status"], schema="insure")
    op.create_index(op.f("ix_premiums_transaction_id"), "premiums", ["transaction_id"], schema="insure")
