"""The tables of the service explorer, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "explorer_0001"
down_revision = None
branch_labels = ("explorer",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("explorer")
    _destinations()
    _bookings()
    _experiences()
    _itineraries()
    _travels()


def downgrade() -> None:
    foreign_keys.loosen("explorer")
    op.drop_table("travels", schema="explorer")
    op.drop_table("itineraries", schema="explorer")
    op.drop_table("experiences", schema="explorer")
    op.drop_table("bookings", schema="explorer")
    op.drop_table("destinations", schema="explorer")
    ddl.end_service("explorer")


def _destinations() -> None:
    op.create_table(
        "destinations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("highlights", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("images", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("location", postgresql.JSONB(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("rating", sa.Double(), nullable=True),
        sa.Column("review_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destinations")),
        schema="explorer",
    )
    op.create_index(op.f("ix_destinations_category"), "destinations", ["category"], schema="explorer")
    op.create_index(op.f("ix_destinations_country"), "destinations", ["country"], schema="explorer")
    op.create_index(op.f("ix_destinations_status"), "destinations", ["status"], schema="explorer")


def _bookings() -> None:
    op.create_table(
        "bookings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("destination_id", sa.Text(), nullable=False),
        sa.Column("booking_number", sa.Text(), nullable=False),
        sa.Column("booking_type", sa.Text(), nullable=False),
        sa.Column("check_in_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("check_out_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("guests", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("total_price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "booked_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("confirmed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.ForeignKeyConstraint(
            ["destination_id"],
            ["explorer.destinations.id"],
            name=op.f("fk_bookings_destination_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("booking_number", name=op.f("uq_bookings_booking_number")),
        schema="explorer",
    )
    op.create_index(op.f("ix_bookings_destination_id"), "bookings", ["destination_id"], schema="explorer")
    op.create_index(op.f("ix_bookings_status"), "bookings", ["status"], schema="explorer")
    op.create_index(op.f("ix_bookings_user_id"), "bookings", ["user_id"], schema="explorer")


def _experiences() -> None:
    op.create_table(
        "experiences",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("destination_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("max_participants", sa.Integer(), nullable=True),
        sa.Column("images", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("rating", sa.Double(), nullable=True),
        sa.Column("review_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("availability", postgresql.JSONB(), nullable=True),
        sa.Column("status", sa.Text(), server_default="AVAILABLE", nullable=False),
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
            ["destination_id"],
            ["explorer.destinations.id"],
            name=op.f("fk_experiences_destination_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiences")),
        schema="explorer",
    )
    op.create_index(op.f("ix_experiences_destination_id"), "experiences", ["destination_id"], schema="explorer")
    op.create_index(op.f("ix_experiences_status"), "experiences", ["status"], schema="explorer")
    op.create_index(op.f("ix_experiences_type"), "experiences", ["type"], schema="explorer")


def _itineraries() -> None:
    op.create_table(
        "itineraries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("activities", postgresql.ARRAY(postgresql.JSONB()), nullable=True),
        sa.Column("start_time", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("end_time", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("location", postgresql.JSONB(), nullable=True),
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
            ["booking_id"], ["explorer.bookings.id"], name=op.f("fk_itineraries_booking_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_itineraries")),
        schema="explorer",
    )
    op.create_index(op.f("ix_itineraries_booking_id"), "itineraries", ["booking_id"], schema="explorer")


def _travels() -> None:
    op.create_table(
        "travels",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("experience_id", sa.Text(), nullable=False),
        sa.Column("travel_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("participants", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("total_paid", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("status", sa.Text(), server_default="SCHEDULED", nullable=False),
        sa.Column("review", postgresql.JSONB(), nullable=True),
        sa.Column("rating", sa.Double(), nullable=True),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
            ["experience_id"], ["explorer.experiences.id"], name=op.f("fk_travels_experience_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_travels")),
        schema="explorer",
    )
    op.create_index(op.f("ix_travels_experience_id"), "travels", ["experience_id"], schema="explorer")
    op.create_index(op.f("ix_travels_status"), "travels", ["status"], schema="explorer")
    op.create_index(op.f("ix_travels_user_id"), "travels", ["user_id"], schema="explorer")
