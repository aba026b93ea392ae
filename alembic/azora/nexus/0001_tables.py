"""The tables of the service nexus, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "nexus_0001"
down_revision = None
branch_labels = ("nexus",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("nexus")
    _audit_logs()
    _user_profiles()
    _recommendations()
    _interactions()


def downgrade() -> None:
    foreign_keys.loosen("nexus")
    op.drop_table("interactions", schema="nexus")
    op.drop_table("recommendations", schema="nexus")
    op.drop_table("user_profiles", schema="nexus")
    op.drop_table("audit_logs", schema="nexus")
    ddl.end_service("nexus")


def _audit_logs() -> None:
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_logs")),
        schema="nexus",
    )
    op.create_index(op.f("ix_audit_logs_user_id"), "audit_logs", ["user_id"], schema="nexus")


def _user_profiles() -> None:
    op.create_table(
        "user_profiles",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("preferences", postgresql.JSONB(), nullable=False),
        sa.Column("behavior", postgresql.JSONB(), nullable=False),
        sa.Column("demographics", postgresql.JSONB(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_profiles")),
        sa.UniqueConstraint("user_id", name=op.f("uq_user_profiles_user_id")),
        schema="nexus",
    )


def _recommendations() -> None:
    op.create_table(
        "recommendations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("item_name", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("context", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
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
            ["user_id"], ["nexus.user_profiles.user_id"], name=op.f("fk_recommendations_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendations")),
        schema="nexus",
    )
    op.create_index(op.f("ix_recommendations_user_id"), "recommendations", ["user_id"], schema="nexus")


def _interactions() -> None:
    op.create_table(
        "interactions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("recommendation_id", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=False),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["recommendation_id"],
            ["nexus.recommendations.id"],
            name=op.f("fk_interactions_recommendation_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["nexus.user_profiles.user_id"], name=op.f("fk_interactions_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interactions")),
        schema="nexus",
    )
    op.create_index(op.f("ix_interactions_recommendation_id"), "interactions", ["recommendation_id"], schema="nexus")
    op.create_index(op.f("ix_interactions_user_id"), "interactions", ["user_id"], schema="nexus")
