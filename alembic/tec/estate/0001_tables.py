"""The tables of the service estate, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "estate_0001"
down_revision = None
branch_labels = ("estate",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("estate")
    _properties()
    _listings()
    _offers()
    _valuations()
    _contracts()


def downgrade() -> None:
    foreign_keys.loosen("estate")
    op.drop_table("contracts", schema="estate")
    op.drop_table("valuations", schema="estate")
    op.drop_table("offers", schema="estate")
    op.drop_table("listings", schema="estate")
    op.drop_table("properties", schema="estate")
    ddl.end_service("estate")


def _properties() -> None:
    op.create_table(
        "properties",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("property_type", sa.Text(), nullable=False),
        sa.Column("address", postgresql.JSONB(), nullable=False),
        sa.Column("location", postgresql.JSONB(), nullable=False),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("specifications", postgresql.JSONB(), nullable=False),
        sa.Column("amenities", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("images", postgresql.ARRAY(sa.Text()), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_properties")),
        schema="estate",
    )
    op.create_index(op.f("ix_properties_owner_id"), "properties", ["owner_id"], schema="estate")
    op.create_index(op.f("ix_properties_property_type"), "properties", ["property_type"], schema="estate")
    op.create_index(op.f("ix_properties_status"), "properties", ["status"], schema="estate")


def _listings() -> None:
    op.create_table(
        "listings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("property_id", sa.Text(), nullable=False),
        sa.Column("listing_type", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column(
            "listed_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expiry_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("views", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("inquiries", sa.Integer(), server_default=sa.text("0"), nullable=False),
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
            ["property_id"], ["estate.properties.id"], name=op.f("fk_listings_property_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listings")),
        schema="estate",
    )
    op.create_index(op.f("ix_listings_listing_type"), "listings", ["listing_type"], schema="estate")
    op.create_index(op.f("ix_listings_property_id"), "listings", ["property_id"], schema="estate")
    op.create_index(op.f("ix_listings_status"), "listings", ["status"], schema="estate")


def _offers() -> None:
    op.create_table(
        "offers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("property_id", sa.Text(), nullable=False),
        sa.Column("buyer_id", sa.Text(), nullable=False),
        sa.Column("offer_amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=True),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column(
            "submitted_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("responded_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["property_id"], ["estate.properties.id"], name=op.f("fk_offers_property_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        schema="estate",
    )
    op.create_index(op.f("ix_offers_buyer_id"), "offers", ["buyer_id"], schema="estate")
    op.create_index(op.f("ix_offers_property_id"), "offers", ["property_id"], schema="estate")
    op.create_index(op.f("ix_offers_status"), "offers", ["status"], schema="estate")


def _valuations() -> None:
    op.create_table(
        "valuations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("property_id", sa.Text(), nullable=False),
        sa.Column("valuation_type", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("valued_by", sa.Text(), nullable=True),
        sa.Column("methodology", sa.Text(), nullable=True),
        sa.Column(
            "valuation_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["property_id"], ["estate.properties.id"], name=op.f("fk_valuations_property_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_valuations")),
        schema="estate",
    )
    op.create_index(op.f("ix_valuations_property_id"), "valuations", ["property_id"], schema="estate")
    op.create_index(op.f("ix_valuations_valuation_type"), "valuations", ["valuation_type"], schema="estate")


def _contracts() -> None:
    op.create_table(
        "contracts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("offer_id", sa.Text(), nullable=False),
        sa.Column("contract_type", sa.Text(), nullable=False),
        sa.Column("contract_number", sa.Text(), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("signed_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("effective_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("expiry_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("status", sa.Text(), server_default="DRAFT", nullable=False),
        sa.Column("document_url", sa.Text(), nullable=True),
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
            ["offer_id"], ["estate.offers.id"], name=op.f("fk_contracts_offer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        sa.UniqueConstraint("contract_number", name=op.f("uq_contracts_contract_number")),
        schema="estate",
    )
    op.create_index(op.f("ix_contracts_offer_id"), "contracts", ["offer_id"], schema="estate")
    op.create_index(op.f("ix_contracts_status"), "contracts", ["status"], schema="estate")
