"""The tables of the service commerce, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "commerce_0001"
down_revision = None
branch_labels = ("commerce",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("commerce")
    _products()
    _inventory()
    _orders()
    _suppliers()
    _shipments()


def downgrade() -> None:
    foreign_keys.loosen("commerce")
    op.drop_table("shipments", schema="commerce")
    op.drop_table("suppliers", schema="commerce")
    op.drop_table("orders", schema="commerce")
    op.drop_table("inventory", schema="commerce")
    op.drop_table("products", schema="commerce")
    ddl.end_service("commerce")


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seller_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("specifications", postgresql.JSONB(), nullable=True),
        sa.Column("images", postgresql.ARRAY(sa.Text()), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("sku", name=op.f("uq_products_sku")),
        schema="commerce",
    )
    op.create_index(op.f("ix_products_category"), "products", ["category"], schema="commerce")
    op.create_index(op.f("ix_products_seller_id"), "products", ["seller_id"], schema="commerce")
    op.create_index(op.f("ix_products_status"), "products", ["status"], schema="commerce")


def _inventory() -> None:
    op.create_table(
        "inventory",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("quantity_on_hand", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("quantity_reserved", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reorder_level", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reorder_quantity", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
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
            ["product_id"], ["commerce.products.id"], name=op.f("fk_inventory_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory")),
        sa.UniqueConstraint("product_id", name=op.f("uq_inventory_product_id")),
        schema="commerce",
    )


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("buyer_id", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("total_amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column(
            "order_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("delivery_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
            ["product_id"], ["commerce.products.id"], name=op.f("fk_orders_product_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("order_number", name=op.f("uq_orders_order_number")),
        schema="commerce",
    )
    op.create_index(op.f("ix_orders_buyer_id"), "orders", ["buyer_id"], schema="commerce")
    op.create_index(op.f("ix_orders_product_id"), "orders", ["product_id"], schema="commerce")
    op.create_index(op.f("ix_orders_status"), "orders", ["status"], schema="commerce")


def _suppliers() -> None:
    op.create_table(
        "suppliers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contact_person", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", postgresql.JSONB(), nullable=True),
        sa.Column("lead_time", sa.Integer(), nullable=True),
        sa.Column("minimum_order", sa.Integer(), nullable=True),
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
            ["product_id"], ["commerce.products.id"], name=op.f("fk_suppliers_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers")),
        schema="commerce",
    )
    op.create_index(op.f("ix_suppliers_product_id"), "suppliers", ["product_id"], schema="commerce")


def _shipments() -> None:
    op.create_table(
        "shipments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("origin", postgresql.JSONB(), nullable=True),
        sa.Column("destination", postgresql.JSONB(), nullable=True),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("shipped_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("delivered_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
            ["order_id"], ["commerce.orders.id"], name=op.f("fk_shipments_order_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
        sa.UniqueConstraint("tracking_number", name=op.f("uq_shipments_tracking_number")),
        schema="commerce",
    )
    op.create_index(op.f("ix_shipments_order_id"), "shipments", ["order_id"], schema="commerce")
    op.create_index(op.f("ix_shipments_status"), "shipments", ["status"], schema="commerce")
