"""The tables of the service brookfield, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "brookfield_0001"
down_revision = None
branch_labels = ("brookfield",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("brookfield")
    _properties()
    _listings()
    _offers()
    _valuations()
    _contracts()


def downgrade() -> None:
    foreign_keys.loosen("brookfield")
    op.drop_table("contracts", schema="brookfield")
    op.drop_table("valuations", schema="brookfield")
    op.drop_table("offers", schema="brookfield")
    op.drop_table("listings", schema="brookfield")
    op.drop_table("properties", schema="brookfield")
    ddl.end_service("brookfield")


def _properties() -> None:
    op.create_table(
        "properties",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("property_class", sa.Text(), nullable=False),
        sa.Column("location", postgresql.JSONB(), nullable=False),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("specifications", postgresql.JSONB(), nullable=False),
        sa.Column("features", postgresql.ARRAY(sa.Text()), nullable=True),
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
        schema="brookfield",
    )
    op.create_index(op.f("ix_properties_owner_id"), "properties", ["owner_id"], schema="brookfield")
    op.create_index(op.f("ix_properties_property_class"), "properties", ["property_class"], schema="brookfield")
    op.create_index(op.f("ix_properties_status"), "properties", ["status"], schema="brookfield")


def _listings() -> None:
    op.create_table(
        "listings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("property_id", sa.Text(), nullable=False),
        sa.Column("listing_type", sa.Text(), nullable=False),
        sa.Column("asking_price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("is_exclusive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "listed_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expiry_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
            ["property_id"], ["brookfield.properties.id"], name=op.f("fk_listings_property_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listings")),
        schema="brookfield",
    )
    op.create_index(op.f("ix_listings_listing_type"), "listings", ["listing_type"], schema="brookfield")
    op.create_index(op.f("ix_listings_property_id"), "listings", ["property_id"], schema="brookfield")


def _offers() -> None:
    op.create_table(
        "offers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("property_id", sa.Text(), nullable=False),
        sa.Column("investor_id", sa.Text(), nullable=False),
        sa.Column("offer_price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("conditions", postgresql.JSONB(), nullable=True),
        sa.Column("status", sa.Text(), server_default="SUBMITTED", nullable=False),
        sa.Column(
            "submitted_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("reviewed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.ForeignKeyConstraint(
            ["property_id"], ["brookfield.properties.id"], name=op.f("fk_offers_property_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        schema="brookfield",
    )
    op.create_index(op.f("ix_offers_investor_id"), "offers", ["investor_id"], schema="brookfield")
    op.create_index(op.f("ix_offers_property_id"), "offers", ["property_id"], schema="brookfield")


def _valuations() -> None:
    op.create_table(
        "valuations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("property_id", sa.Text(), nullable=False),
        sa.Column("valuation_type", sa.Text(), nullable=False),
        sa.Column("estimated_value", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("assessor", sa.Text(), nullable=True),
        sa.Column("report", postgresql.JSONB(), nullable=True),
        sa.Column(
            "valuation_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["property_id"], ["brookfield.properties.id"], name=op.f("fk_valuations_property_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_valuations")),
        schema="brookfield",
    )
    op.create_index(op.f("ix_valuations_property_id"), "valuations", ["property_id"], schema="brookfield")


def _contracts() -> None:
    op.create_table(
        "contracts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("offer_id", sa.Text(), nullable=False),
        sa.Column("contract_type", sa.Text(), nullable=False),
        sa.Column("reference_number", sa.Text(), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("executed_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("closing_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
            ["offer_id"], ["brookfield.offers.id"], name=op.f("fk_contracts_offer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        sa.UniqueConstraint("reference_number", name=op.f("uq_contracts_reference_number")),
        schema="brookfield",
    )
    op.create_index(op.f("ix_contracts_offer_id"), "contracts", ["offer_id"], schema="brookfield")
