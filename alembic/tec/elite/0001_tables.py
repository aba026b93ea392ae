"""The tables of the service elite, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "elite_0001"
down_revision = None
branch_labels = ("elite",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("elite")
    _networks()
    _contacts()
    _events()
    _opportunities()
    _relationships()


def downgrade() -> None:
    foreign_keys.loosen("elite")
    op.drop_table("relationships", schema="elite")
    op.drop_table("opportunities", schema="elite")
    op.drop_table("events", schema="elite")
    op.drop_table("contacts", schema="elite")
    op.drop_table("networks", schema="elite")
    ddl.end_service("elite")


def _networks() -> None:
    op.create_table(
        "networks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("member_level", sa.Text(), server_default="ELITE", nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("net_worth", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("connections", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_networks")),
        sa.UniqueConstraint("user_id", name=op.f("uq_networks_user_id")),
        schema="elite",
    )
    op.create_index(op.f("ix_networks_member_level"), "networks", ["member_level"], schema="elite")


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("contact_user_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("contact_info", postgresql.JSONB(), nullable=True),
        sa.Column("influence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
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
            ["network_id"], ["elite.networks.id"], name=op.f("fk_contacts_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        schema="elite",
    )
    op.create_index(op.f("ix_contacts_contact_user_id"), "contacts", ["contact_user_id"], schema="elite")
    op.create_index(op.f("ix_contacts_network_id"), "contacts", ["network_id"], schema="elite")


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("start_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("end_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("venue", postgresql.JSONB(), nullable=True),
        sa.Column("is_invite_only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("max_attendees", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), server_default="SCHEDULED", nullable=False),
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
            ["network_id"], ["elite.networks.id"], name=op.f("fk_events_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        schema="elite",
    )
    op.create_index(op.f("ix_events_category"), "events", ["category"], schema="elite")
    op.create_index(op.f("ix_events_network_id"), "events", ["network_id"], schema="elite")


def _opportunities() -> None:
    op.create_table(
        "opportunities",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("minimum_investment", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("expected_return", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("deadline", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("is_confidential", sa.Boolean(), server_default=sa.text("true"), nullable=False),
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
            ["network_id"], ["elite.networks.id"], name=op.f("fk_opportunities_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunities")),
        schema="elite",
    )
    op.create_index(op.f("ix_opportunities_category"), "opportunities", ["category"], schema="elite")
    op.create_index(op.f("ix_opportunities_network_id"), "opportunities", ["network_id"], schema="elite")


def _relationships() -> None:
    op.create_table(
        "relationships",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("connected_user_id", sa.Text(), nullable=False),
        sa.Column("relationship_type", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column(
            "established_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_contact", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["network_id"], ["elite.networks.id"], name=op.f("fk_relationships_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relationships")),
        schema="elite",
    )
    op.create_index(op.f("ix_relationships_connected_user_id"), "relationships", ["connected_user_id"], schema="elite")
    op.create_index(op.f("ix_relationships_network_id"), "relationships", ["network_id"], schema="elite")
