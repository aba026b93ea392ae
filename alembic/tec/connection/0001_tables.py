"""The tables of the service connection, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "connection_0001"
down_revision = None
branch_labels = ("connection",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("connection")
    _networks()
    _contacts()
    _events()
    _opportunities()
    _relationships()


def downgrade() -> None:
    foreign_keys.loosen("connection")
    op.drop_table("relationships", schema="connection")
    op.drop_table("opportunities", schema="connection")
    op.drop_table("events", schema="connection")
    op.drop_table("contacts", schema="connection")
    op.drop_table("networks", schema="connection")
    ddl.end_service("connection")


def _networks() -> None:
    op.create_table(
        "networks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("location", postgresql.JSONB(), nullable=True),
        sa.Column("connections", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("followers", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("following", sa.Integer(), server_default=sa.text("0"), nullable=False),
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
        schema="connection",
    )
    op.create_index(op.f("ix_networks_industry"), "networks", ["industry"], schema="connection")


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("contact_user_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
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
            ["network_id"], ["connection.networks.id"], name=op.f("fk_contacts_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        schema="connection",
    )
    op.create_index(op.f("ix_contacts_contact_user_id"), "contacts", ["contact_user_id"], schema="connection")
    op.create_index(op.f("ix_contacts_network_id"), "contacts", ["network_id"], schema="connection")


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("start_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("end_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("location", postgresql.JSONB(), nullable=True),
        sa.Column("attendees", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), server_default="UPCOMING", nullable=False),
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
            ["network_id"], ["connection.networks.id"], name=op.f("fk_events_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        schema="connection",
    )
    op.create_index(op.f("ix_events_event_type"), "events", ["event_type"], schema="connection")
    op.create_index(op.f("ix_events_network_id"), "events", ["network_id"], schema="connection")
    op.create_index(op.f("ix_events_start_date"), "events", ["start_date"], schema="connection")


def _opportunities() -> None:
    op.create_table(
        "opportunities",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("opportunity_type", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=True),
        sa.Column("deadline", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("status", sa.Text(), server_default="OPEN", nullable=False),
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
            ["network_id"], ["connection.networks.id"], name=op.f("fk_opportunities_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunities")),
        schema="connection",
    )
    op.create_index(op.f("ix_opportunities_network_id"), "opportunities", ["network_id"], schema="connection")
    op.create_index(
        op.f("ix_opportunities_opportunity_type"), "opportunities", ["opportunity_type"], schema="connection"
    )
    op.create_index(op.f("ix_opportunities_status"), "opportunities", ["status"], schema="connection")


def _relationships() -> None:
    op.create_table(
        "relationships",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("connected_user_id", sa.Text(), nullable=False),
        sa.Column("relationship_type", sa.Text(), nullable=False),
        sa.Column("strength", sa.Integer(), server_default=sa.text("50"), nullable=False),
        sa.Column(
            "connected_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_interaction", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["network_id"], ["connection.networks.id"], name=op.f("fk_relationships_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relationships")),
        schema="connection",
    )
    op.create_index(
        op.f("ix_relationships_connected_user_id"), "relationships", ["connected_user_id"], schema="connection"
    )
    op.create_index(op.f("ix_relationships_network_id"), "relationships", ["network_id"], schema="connection")
