"""The tables of the service ecommerce, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "ecommerce_0001"
down_revision = None
branch_labels = ("ecommerce",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("ecommerce")
    _products()
    _suppliers()
    _inventory()
    _orders()
    _shipments()


def downgrade() -> None:
    foreign_keys.loosen("ecommerce")
    op.drop_table("shipments", schema="ecommerce")
    op.drop_table("orders", schema="ecommerce")
    op.drop_table("inventory", schema="ecommerce")
    op.drop_table("suppliers", schema="ecommerce")
    op.drop_table("products", schema="ecommerce")
    ddl.end_service("ecommerce")


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seller_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("subcategory", sa.Text(), nullable=True),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("sale_price", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("images", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("specifications", postgresql.JSONB(), nullable=True),
        sa.Column("rating", sa.Double(), nullable=True),
        sa.Column("review_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
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
        schema="ecommerce",
    )
    op.create_index(op.f("ix_products_category"), "products", ["category"], schema="ecommerce")
    op.create_index(op.f("ix_products_seller_id"), "products", ["seller_id"], schema="ecommerce")
    op.create_index(op.f("ix_products_status"), "products", ["status"], schema="ecommerce")


def _suppliers() -> None:
    op.create_table(
        "suppliers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", postgresql.JSONB(), nullable=True),
        sa.Column("products_supplied", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rating", sa.Double(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers")),
        schema="ecommerce",
    )
    op.create_index(op.f("ix_suppliers_status"), "suppliers", ["status"], schema="ecommerce")


def _inventory() -> None:
    op.create_table(
        "inventory",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reserved", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("available", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("low_stock_threshold", sa.Integer(), server_default=sa.text("10"), nullable=False),
        sa.Column("warehouse_location", sa.Text(), nullable=True),
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
            ["product_id"], ["ecommerce.products.id"], name=op.f("fk_inventory_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory")),
        sa.UniqueConstraint("product_id", name=op.f("uq_inventory_product_id")),
        schema="ecommerce",
    )


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("item_price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("total_amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("tax", sa.Numeric(precision=38, scale=18), server_default=sa.text("0"), nullable=False),
        sa.Column("shipping", sa.Numeric(precision=38, scale=18), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("shipping_address", postgresql.JSONB(), nullable=False),
        sa.Column("billing_address", postgresql.JSONB(), nullable=True),
        sa.Column(
            "order_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("paid_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
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
            ["product_id"], ["ecommerce.products.id"], name=op.f("fk_orders_product_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("order_number", name=op.f("uq_orders_order_number")),
        schema="ecommerce",
    )
    op.create_index(op.f("ix_orders_customer_id"), "orders", ["customer_id"], schema="ecommerce")
    op.create_index(op.f("ix_orders_product_id"), "orders", ["product_id"], schema="ecommerce")
    op.create_index(op.f("ix_orders_status"), "orders", ["status"], schema="ecommerce")


def _shipments() -> None:
    op.create_table(
        "shipments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("shipping_method", sa.Text(), nullable=False),
        sa.Column("estimated_delivery", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("actual_delivery", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("status", sa.Text(), server_default="PREPARING", nullable=False),
        sa.Column("tracking_events", postgresql.ARRAY(postgresql.JSONB()), nullable=True),
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
            ["order_id"], ["ecommerce.orders.id"], name=op.f("fk_shipments_order_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
        sa.UniqueConstraint("tracking_number", name=op.f("uq_shipments_tracking_number")),
        schema="ecommerce",
    )
    op.create_index(op.f("ix_shipments_order_id"), "shipments", ["order_id"], schema="ecommerce")
    op.create_index(op.f("ix_shipments_status"), "shipments", ["status"], schema="ecommerce")
